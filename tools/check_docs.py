#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Each exported function is on the version map, documented beside its prototype, in a man page and
in a test; and nothing is on the map that is not exported. An adapter's functions are inline: the
one that users call is documented beside it, in docs/adapters.md, and in a test."""
import re

import c_source

MAP = 'src/libmempool.map'
EXPORT = re.compile(r'\bMEMPOOL_API\b[^;{}()]*?\b(mempool_\w+)\s*\(')
PROTOTYPE = re.compile(r'^[^\n#(]*?\b(mempool_\w+)\(', re.M)
DOCSTRING = re.compile(r'/\*\* (mempool_\w+): ')
DEFINE = re.compile(r'#[ \t]*define(?:[^\n\\]|\\.|\\\n)*', re.S)
MACRO = re.compile(r'#[ \t]*define[ \t]+(\w+)((?:[^\n\\]|\\.|\\\n)*)', re.S)
ADAPTERS = 'include/mempool/adapt/'
ADAPTER = re.compile(r'^(?:static inline [^\n]*)?\b(mempool_adapt_\w+)\(', re.M)
SINCE = re.compile(r'Since: \d')


def check(root):
    """Every symbol that one of the places leaves out."""
    def words(folders, endings):
        texts = [c_source.read(root, path) for path in c_source.files(root, folders, endings)]
        return set(re.findall(r'\bmempool_\w+', '\n'.join(texts)))

    sources = [c_source.code_only(c_source.read(root, p)) for p in c_source.files(root, ['src'])]
    exported = {name for text in sources for name in EXPORT.findall(text)}
    if not c_source.files(root, ['src'], (MAP.split('/')[1],)):
        return [f'{MAP} is missing']
    map_text = c_source.code_only(c_source.read(root, MAP))
    version_map = set(re.findall(r'\bmempool_\w+(?=\s*;)', map_text))
    paths = c_source.files(root, ['include'])
    headers = [c_source.read(root, path) for path in paths]
    comments = [text for header in headers for _, text in c_source.comments(header)]
    documented = {name for text in comments for name in DOCSTRING.findall(text)}
    codes = [DEFINE.sub('', c_source.code_only(header)) for path, header in zip(paths, headers)
             if not path.startswith(ADAPTERS)]
    declared = {name for code in codes for name in PROTOTYPE.findall(code)}
    adapters = {name for path, header in zip(paths, headers) if path.startswith(ADAPTERS)
                for name in ADAPTER.findall(c_source.code_only(header))}
    described = words(['man'], ['.3'])
    tabled = words(['docs'], ['adapters.md'])
    tested = words(['tests'], ['.c', '.h', '.py'])
    # A macro that tests use calls what its text names.
    uses = {word for path in c_source.files(root, ['tests'])
            for word in re.findall(r'\b\w+', c_source.code_only(c_source.read(root, path)))}
    tested |= {name for header in headers for macro, body in MACRO.findall(header) if macro in uses
               for name in re.findall(r'\bmempool_\w+', body)}
    problems = []
    for wanted, places in ((exported, ((version_map, f'not on {MAP}'),
                                       (declared, 'not declared in include/'),
                                       (documented, 'no docstring "/** name: " in include/'),
                                       (described, 'in no page of man/*.3'),
                                       (tested, 'in no test'))),
                           (version_map, ((exported, f'on {MAP}, but not defined MEMPOOL_API'),)),
                           (declared, ((exported, 'in include/, but not defined MEMPOOL_API'),)),
                           (adapters, ((documented, 'no docstring "/** name: " in include/'),
                                       (tabled, 'not in docs/adapters.md'),
                                       (tested, 'in no test')))):
        problems += [f'{name}: {text}' for place, text in places for name in sorted(wanted - place)]
    if not exported:
        problems.append('no function of src/ is MEMPOOL_API')
    return problems + [f'{name}: docstring without "Since: "' for text in comments
                       for name in DOCSTRING.findall(text) if not SINCE.search(text)]


GOOD = {
    'src/a.c': 'MEMPOOL_API struct mempool *\nmempool_x(int a)\n{\n}\n',
    'src/libmempool.map': 'MEMPOOL_0.1 {\n  global:\n    mempool_x;\n  local: *;\n};\n',
    'include/mempool/a.h': '#define mempool_new(a) \\\n    mempool_x(a)\n'
                           '/** mempool_x: x.  Since: 0.1 */\nstruct mempool *mempool_x(int a);',
    'man/mempool.3': '.Fn mempool_x\n',
    'tests/t.c': 'mempool_x(1);',
}
INLINE = ('static inline int mempool_hook_z(int a) {\n    return a;\n}\n'
          '/** mempool_adapt_z: z.  Since: 0.1 */\nstatic inline const struct a *\n'
          'mempool_adapt_z(struct b *c) {\n    return mempool_hook_z(c);\n}\n')
ADAPTED = {**GOOD, ADAPTERS + 'z.h': INLINE, 'docs/adapters.md': '| `mempool_adapt_z` |\n',
           'tests/z.c': 'mempool_adapt_z(a);'}
SAMPLES = [
    (GOOD, None),
    (ADAPTED, None),
    ({**ADAPTED, ADAPTERS + 'z.h': INLINE.replace('/**', '/*')}, 'mempool_adapt_z: no docstring'),
    ({**ADAPTED, 'docs/adapters.md': ''}, 'mempool_adapt_z: not in docs/adapters.md'),
    ({**ADAPTED, 'tests/z.c': ''}, 'mempool_adapt_z: in no test'),
    ({**GOOD, 'src/libmempool.map': 'global: mempool_y;'}, 'mempool_x: not on'),
    ({**GOOD, 'src/libmempool.map': 'mempool_x; mempool_y;'}, 'mempool_y: on src/libmempool'),
    ({**GOOD, 'include/mempool/a.h': 'int mempool_x(int a);'}, 'mempool_x: no docstring'),
    ({**GOOD, 'include/mempool/a.h': '/** mempool_x: x. */\nint mempool_x(int a);'},
     'without "Since'),
    ({**GOOD, 'include/mempool/b.h': 'int mempool_z(int a);'}, 'mempool_z: in include/, but not'),
    ({**GOOD, 'man/mempool.3': ''}, 'mempool_x: in no page'),
    ({**GOOD, 'tests/t.c': ''}, 'mempool_x: in no test'),
    ({**GOOD, 'tests/t.c': 'mempool_new(1);'}, None),
    ({**GOOD, 'tests/t.c': '/* mempool_new */'}, 'mempool_x: in no test'),
    ({'src/a.c': 'int a;'}, 'is missing'),
    ({**GOOD, 'src/a.c': 'int a;'}, 'no function of src/ is MEMPOOL_API'),
]

if __name__ == '__main__':
    c_source.main(check, SAMPLES, __doc__)
