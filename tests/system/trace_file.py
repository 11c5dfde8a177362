# SPDX-License-Identifier: MIT
"""Traces made by hand, as files that `mempool` reads."""
import struct

GET, GET0, PUT, THREAD_START, THREAD_EXIT, POOL_NEW, POOL_DESTROY = range(7)
MALLOC, CALLOC, REALLOC, FREE = range(8, 12)
NO_CLASS = 65535
BLOCK_BYTES = 100 << 10


def plane_bytes(values, width):
    """A column: its low bytes, then the next ones."""
    return b''.join(bytes(value >> 8 * byte & 0xff for value in values) for byte in range(width))


def frame(content):
    """A zstd frame that holds bytes as they are."""
    parts = [b'\x28\xb5\x2f\xfd\xe0', struct.pack('<Q', len(content))]
    for at in range(0, len(content), BLOCK_BYTES):
        piece = content[at:at + BLOCK_BYTES]
        is_last = at + BLOCK_BYTES >= len(content)
        parts += [struct.pack('<I', len(piece) << 3 | is_last)[:3], piece]
    return b''.join(parts)


def write(path, lines, events, tick_ns=1000):
    """A trace of events (operation, thread, class, slot, ticks, bytes) with lines of threads,
    pools and the like in its header."""
    columns = list(zip(*events))
    has_bytes = any(line.startswith('site ') for line in lines)
    header = ['mempool-trace 1', *lines, f'events {len(events)}', f'tick_ns {tick_ns}',
              'columns op:u8 thread:u16 class:u16 slot:u32 dt:u32'
              + (' size:u32' if has_bytes else ''), 'end', '']
    widths = [1, 2, 2, 4, 4] + ([4] if has_bytes else [])
    body = b''.join(plane_bytes(column, width) for column, width in zip(columns, widths))
    with open(path, 'wb') as file:
        file.write(frame('\n'.join(header).encode() + body))
