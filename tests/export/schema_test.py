#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""JSON is as its schema says, and the schema refuses what is not.

usage: schema_test.py SCHEMA FORMATS-PROGRAM
"""
import copy
import json
import subprocess
import sys

try:
    import jsonschema
except ImportError:
    print('skipped: the Python module jsonschema is not here (Debian: python3-jsonschema)')
    sys.exit(77)


def objects(document):
    """Each object of a document."""
    if isinstance(document, dict):
        yield document
        for value in document.values():
            yield from objects(value)
    elif isinstance(document, list):
        for value in document:
            yield from objects(value)


def damaged(document):
    """The document with one fault each: a key left out, or of a type that none has. Of each list
    the first item will do."""
    document = {key: value[:1] if isinstance(value, list) and key != 'age_limits_seconds' else value
                for key, value in document.items()}
    for number, original in enumerate(objects(document)):
        for key in original:
            for fault in ('missing', 'of a wrong type'):
                other = copy.deepcopy(document)
                item = list(objects(other))[number]
                if fault == 'missing':
                    del item[key]
                else:
                    item[key] = 1.5
                yield f'{key} {fault} in {str(original)[:60]}', other


def main():
    """The exit status."""
    with open(sys.argv[1], encoding='utf-8') as file:
        schema = json.load(file)
    jsonschema.Draft202012Validator.check_schema(schema)
    validator = jsonschema.Draft202012Validator(schema)
    wrong, seen = 0, 0
    for name in ('json', 'json-core'):
        output = subprocess.run([sys.argv[2], name], capture_output=True, check=True).stdout
        document = json.loads(output.decode('utf-8'))
        for error in validator.iter_errors(document):
            print(f'{name}: {error.json_path}: {error.message}')
            wrong += 1
        for fault, other in damaged(document):
            seen += 1
            if validator.is_valid(other):
                print(f'{name}: the schema accepts: {fault}')
                wrong += 1
    print(f'{seen} faults refused' if not wrong else f'{wrong} problems')
    return 1 if wrong or not seen else 0


if __name__ == '__main__':
    sys.exit(main())
