# SPDX-License-Identifier: MIT
"""pprof's profile.proto, read by its description alone: gzip and Protocol Buffers' wire format."""
import gzip

# Fields of messages, by number: name, and the message that it holds, or how its numbers come.
NUMBER, PACKED, TEXT = 'number', 'packed', 'text'
VALUE_TYPE = {1: ('type', NUMBER), 2: ('unit', NUMBER)}
LABEL = {1: ('key', NUMBER), 2: ('str', NUMBER), 3: ('num', NUMBER), 4: ('num_unit', NUMBER)}
SAMPLE = {1: ('location', PACKED), 2: ('value', PACKED), 3: ('label', LABEL)}
MAPPING = {1: ('id', NUMBER), 2: ('start', NUMBER), 3: ('limit', NUMBER), 4: ('offset', NUMBER),
           5: ('file', NUMBER), 6: ('build_id', NUMBER), 7: ('has_functions', NUMBER)}
LINE = {1: ('function', NUMBER), 2: ('line', NUMBER)}
LOCATION = {1: ('id', NUMBER), 2: ('mapping', NUMBER), 3: ('address', NUMBER), 4: ('line', LINE)}
FUNCTION = {1: ('id', NUMBER), 2: ('name', NUMBER), 3: ('system_name', NUMBER)}
PROFILE = {1: ('sample_type', VALUE_TYPE), 2: ('sample', SAMPLE), 3: ('mapping', MAPPING),
           4: ('location', LOCATION), 5: ('function', FUNCTION), 6: ('string', TEXT),
           9: ('time_ns', NUMBER), 11: ('period_type', VALUE_TYPE), 12: ('period', NUMBER),
           13: ('comment', PACKED), 14: ('default_type', NUMBER)}


def number(data, at):
    """A number at a place, and the place behind it."""
    value = shift = 0
    while True:
        value |= (data[at] & 0x7f) << shift
        shift += 7
        at += 1
        if data[at - 1] < 0x80:
            return value, at


def packed(data):
    """All numbers of a packed field."""
    values, at = [], 0
    while at < len(data):
        value, at = number(data, at)
        values.append(value)
    return values


def message(data, fields):
    """A message as a dict: of each field the list of what it holds, in order. Fields that
    profile.proto does not have, or not so, are faults."""
    found, at = {name: [] for name, _ in fields.values()}, 0
    while at < len(data):
        head, at = number(data, at)
        name, kind = fields[head >> 3]
        if head & 7 == 0:
            value, at = number(data, at)
            assert kind in (NUMBER, PACKED), name
            found[name].append(value)
            continue
        assert head & 7 == 2 and kind is not NUMBER, (name, head)
        size, at = number(data, at)
        piece, at = data[at:at + size], at + size
        assert len(piece) == size, f'{name} is cut off'
        if kind is PACKED:
            found[name] += packed(piece)
        else:
            found[name].append(piece.decode() if kind is TEXT else message(piece, kind))
    return found


def one(values):
    """The value of a field that is there once or not at all."""
    assert len(values) <= 1, values
    return values[0] if values else 0


def samples(profile):
    """Each sample as (stack, values, labels), with names for numbers. A frame is (address, function
    or '', file or '')."""
    text = profile['string']
    assert text[0] == '' and len(set(text)) == len(text)
    functions = {one(f['id']): text[one(f['name'])] for f in profile['function']}
    files = {one(m['id']): text[one(m['file'])] for m in profile['mapping']}
    frames = {}
    for location in profile['location']:
        line = location['line'][0] if location['line'] else None
        frames[one(location['id'])] = (one(location['address']),
                                       functions[one(line['function'])] if line else '',
                                       files.get(one(location['mapping']), ''))
    for table, holds in (('function', functions), ('mapping', files), ('location', frames)):
        assert len(holds) == len(profile[table]) and 0 not in holds, table
    return [([frames[number] for number in sample['location']], tuple(sample['value']),
             {text[one(label['key'])]: text[one(label['str'])] for label in sample['label']})
            for sample in profile['sample']]


def read(data):
    """A profile, from its compressed bytes."""
    return message(gzip.decompress(data), PROFILE)
