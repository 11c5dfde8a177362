# SPDX-License-Identifier: MIT
"""The pages of `mempool report` in a real browser, from a file, without a network:
report_test.py MEMPOOL SNAPSHOT TRACE..."""
import os
import sys
import tempfile

import browser
import snapshot_files
import trace_file
from program import expect, run
from trace_file import GET, MALLOC, POOL_NEW, PUT, THREAD_START

SKIPPED = 77
HOSTILE = ['</script><script>document.title="taken"</script>',
           '<img/src=x/onerror=document.title=1>',
           '"onmouseover="document.title=1', "'&lt;&amp;", '<!--', ']]>', '\\u003c/script>', '${1}',
           '--><b>', '</td></table>']
COLOURS = '''Array.from(document.querySelectorAll('.uplot canvas')).map(canvas => {
  const bytes = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;
  const colours = new Set();
  for (let i = 0; i < bytes.length; i += 4) {
    if (bytes[i + 3] === 255) colours.add(bytes[i] << 16 | bytes[i + 1] << 8 | bytes[i + 2]);
  }
  return colours.size;
})'''
PIXELS = "document.querySelector('#chart-{} canvas').toDataURL()"
TEXT = "Array.from(document.querySelectorAll('td.text')).map(cell => cell.textContent)"
TIP = "Array.from(document.querySelectorAll('#chart-{} .tip')).map(tip => tip.style.display)"


def write_hostile(path):
    """A trace whose every name wants to be markup."""
    lines = [f'thread 0 {HOSTILE[0]} {HOSTILE[1]}', f'phase 3 {HOSTILE[4]}',
             f'info {HOSTILE[5]} {HOSTILE[8]}']
    events = [(THREAD_START, 0, trace_file.NO_CLASS, 0, 0, 0)]
    for number, name in enumerate(HOSTILE):
        lines.append(f'pool {number} {name} 100 10 1')
        events += [(POOL_NEW, 0, number, 0, 1, 0), (GET, 0, number, 0, 1000, 0)]
        if number % 2:
            events.append((PUT, 0, number, 0, 1000, 0))
    lines.append(f'site {len(HOSTILE)} {HOSTILE[0]}:x 0 0 1')
    events.append((MALLOC, 0, len(HOSTILE), 0, 5, 77))
    trace_file.write(path, lines, events)


def check_drawn(page, n_charts, what):
    """All charts are there, each in several colours, and nothing complains."""
    colours = page.run(COLOURS)
    expect(len(colours) == n_charts, f'{what}: {len(colours)} charts, not {n_charts}')
    expect(min(colours) > 3, f'{what}: colours in charts: {colours}')
    expect(page.errors == [], f'{what}: console: {page.errors}')
    expect(len(page.requests) == 1, f'{what}: asked for {page.requests}')


def middle(page, selector):
    """Where an element is, scrolled into view."""
    return page.run(f'''(() => {{ const at = document.querySelector({selector!r});
      at.scrollIntoView({{block: 'center'}}); const box = at.getBoundingClientRect();
      return [box.left + box.width / 2, box.top + box.height / 2]; }})()''')


def check_hands_on(page, chart):
    """Views change the chart, names hide a series, pointing tells values."""
    before = page.run(PIXELS.format(chart))
    page.click(*middle(page, f'#chart-{chart} .views button:nth-child(2)'))
    second = page.run(PIXELS.format(chart))
    expect(second != before, 'the second view looks like the first')
    page.click(*middle(page, f'#chart-{chart} .u-legend tr:nth-child(2) .u-label'))
    page.run('new Promise(go => setTimeout(go, 100))')
    expect(page.run(PIXELS.format(chart)) != second, 'hiding a name changes nothing')
    page.hover(*middle(page, f'#chart-{chart} .u-over'))
    page.run('new Promise(go => setTimeout(go, 100))')
    expect(page.run(TIP.format(chart)) == ['block'], 'no tooltip')
    expect(page.errors == [], f'console: {page.errors}')


def check_others(path):
    """Threads beyond those that have rows share one, and its cells say so."""
    with open(path, encoding='utf-8') as file:
        expect('objects: got by others, put by ' in file.read(), 'others are not named')


def check_sorting(page):
    """A click on a title sorts by numbers."""
    values = '''Array.from(document.querySelectorAll('table.rows')[0].tBodies[0].rows)
      .map(row => +row.cells[3].dataset.v)'''
    title = middle(page, 'table.rows th:nth-child(4)')
    page.click(*title)
    down = page.run(values)
    expect(down == sorted(down, reverse=True) and down[0] > down[-1], f'sorted: {down}')
    page.click(*title)
    expect(page.run(values) == sorted(down), 'not sorted the other way')


def check_hostile(page, path):
    """Names stay text."""
    page.open(path)
    check_drawn(page, 4, 'hostile names')
    texts = page.run(TEXT)
    for name in HOSTILE:
        expect(name in texts, f'{name} is not in {texts[:20]}')
    expect('taken' not in page.run('document.title'), 'a name has run')
    expect(page.run('document.querySelectorAll("img, b[onmouseover]").length') == 0, 'markup')
    expect(page.run('document.scripts.length') == 3, 'scripts')
    labels = page.run('''Array.from(document.querySelectorAll('.u-label'))
      .map(label => label.textContent)''')
    expect(HOSTILE[0] in labels, f'labels: {labels[:20]}')


def check_series(page, command, template, place):
    """Snapshots: charts, sparklines, and times of the world."""
    paths = snapshot_files.write(place, template, 30)
    run([command, 'report', *paths, '-o', os.path.join(place, 'series.html')])
    page.open(os.path.join(place, 'series.html'))
    check_drawn(page, 3, 'snapshots')
    expect(page.run('document.querySelectorAll("svg.spark polyline").length') > 5, 'sparklines')
    page.hover(*middle(page, '#chart-live .u-over'))
    page.run('new Promise(go => setTimeout(go, 100))')
    tip = page.run('document.querySelector("#chart-live .tip b").textContent')
    expect(tip.startswith('2023-11-14 22:') and tip.endswith('UTC'), f'tooltip: {tip}')


def main(command, template, *traces):
    """The test."""
    path = browser.find()
    if path is None:
        print('SKIPPED: chromium is not installed')
        sys.exit(SKIPPED)
    with tempfile.TemporaryDirectory() as place:
        pages = [os.path.join(place, f'{number}.html') for number in range(len(traces))]
        for trace, output in zip(traces, pages):
            run([command, 'report', trace, '-o', output])
        check_others(pages[0])
        hostile = os.path.join(place, 'hostile.trace.zst')
        write_hostile(hostile)
        run([command, 'report', hostile, '-o', hostile + '.html'])
        with browser.Browser(path) as page:
            for trace, output in zip(traces, pages):
                page.open(output)
                check_drawn(page, 4 if 'gfmalloc' in trace else 3, trace)
            check_hands_on(page, 'live')
            check_sorting(page)
            check_series(page, command, template, place)
            check_hostile(page, hostile + '.html')
            light = page.run('getComputedStyle(document.body).backgroundColor')
        with browser.Browser(path, dark=True) as page:
            page.open(pages[0])
            check_drawn(page, 4 if 'gfmalloc' in traces[0] else 3, 'dark')
            dark = page.run('getComputedStyle(document.body).backgroundColor')
            expect(dark != light, f'dark is light: {dark}')


if __name__ == '__main__':
    main(*sys.argv[1:])
