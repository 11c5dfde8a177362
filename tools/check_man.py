#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Man pages are clean mdoc: mandoc finds nothing to warn of (exit 77, skipped, without mandoc)."""
import os
import shutil
import subprocess
import sys

import c_source


def check(root):
    """Every warning of mandoc about the pages of man/."""
    problems = []
    for path in c_source.files(root, ['man'], ('.1', '.3', '.5', '.7')):
        command = ['mandoc', '-T', 'lint', '-W', 'warning', os.path.join(root, path)]
        run = subprocess.run(command, capture_output=True, text=True, check=False)
        problems += (run.stdout + run.stderr).splitlines()
    return problems


PAGE = '''.Dd January 1, 2024
.Dt SAMPLE 3
.Os
.Sh NAME
.Nm sample
.Nd a page
.Sh DESCRIPTION
Text.
'''
SAMPLES = [
    ({'man/sample.3': PAGE}, None),
    ({'man/sample.3': PAGE + '.Xx unknown\n'}, 'Xx'),
    ({'man/sample.1': PAGE.replace('.Sh NAME\n.Nm sample\n.Nd a page\n', '')}, 'NAME'),
]

if __name__ == '__main__':
    if not shutil.which('mandoc'):
        print('mandoc is not installed')
        sys.exit(77)
    c_source.main(check, SAMPLES, __doc__)
