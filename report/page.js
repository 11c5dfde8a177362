/* SPDX-License-Identifier: MIT */
/* Draws the charts of a page from its data, and sorts its tables. */
(function () {
  'use strict';

  var data = JSON.parse(document.getElementById('data').textContent);
  var dark = window.matchMedia('(prefers-color-scheme: dark)');
  var NAMED = 9;
  var HEIGHT = 300;

  function style(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function trim(value) {
    var digits = Math.abs(value) >= 99.95 || value === Math.round(value) ? 0 :
      Math.abs(value) >= 9.995 ? 1 : 2;
    return value.toFixed(digits);
  }

  function scaled(value, base, names) {
    var at = 0, size = Math.abs(value);
    while (size >= base && at + 1 < names.length) {
      size /= base;
      value /= base;
      at++;
    }
    return trim(value) + names[at];
  }

  function format(value, unit) {
    if (value === null || value === undefined) {
      return '\u2013';
    }
    if (unit === 'bytes') {
      return scaled(value, 1024, [' B', ' KiB', ' MiB', ' GiB', ' TiB']);
    }
    return scaled(value, 1000, ['', ' k', ' M', ' G']) + (unit === 'rate' ? '/s' : '');
  }

  function exact(value, unit) {
    if (value === null || value === undefined) {
      return '\u2013';
    }
    if (unit === 'count') {
      return Math.round(value).toLocaleString('en');
    }
    return format(value, unit);
  }

  function two(number) {
    return (number < 10 ? '0' : '') + number;
  }

  /* A moment: seconds since the start, or of the world. */
  function moment(x, step) {
    if (data.clock === 'utc') {
      var date = new Date(x * 1000);
      var text = two(date.getUTCHours()) + ':' + two(date.getUTCMinutes());
      if (step < 60) {
        text += ':' + two(date.getUTCSeconds());
      }
      return step >= 43200 ? date.toISOString().slice(0, 10) : text;
    }
    if (step >= 60) {
      return Math.floor(x / 3600) + ':' + two(Math.floor(x / 60) % 60) + ' h';
    }
    return step >= 1 ? Math.round(x) + ' s' : +x.toPrecision(5) + ' s';
  }

  function when(x) {
    if (data.clock === 'utc') {
      return new Date(x * 1000).toISOString().slice(0, 19).replace('T', ' ') + ' UTC';
    }
    return (x >= 100 ? x.toFixed(1) : x >= 1 ? x.toFixed(2) : +x.toPrecision(3)) + ' s';
  }

  function sums(view, hidden) {
    var total = view.x.map(function () { return 0; });
    return view.series.map(function (series, i) {
      if (hidden[i]) {
        return series.y;
      }
      return series.y.map(function (y, at) { return (total[at] += y); });
    });
  }

  /* Between each area and the next one above it that is shown. */
  function bands(view, hidden) {
    var found = [];
    for (var i = 0; i < view.series.length; i++) {
      var above = i + 1;
      while (above < view.series.length && hidden[above]) {
        above++;
      }
      if (!hidden[i] && above < view.series.length) {
        found.push({ series: [above + 1, i + 1] });
      }
    }
    return found;
  }

  function places(view) {
    return view.kind === 'bars' ? view.x.map(function (label, i) { return i; }) : view.x;
  }

  function tooltip(box, view) {
    var tip = document.createElement('div');
    tip.className = 'tip';

    function row(label, value, colour) {
      var line = document.createElement('div');
      var number = document.createElement('span');
      var swatch = document.createElement('i');
      swatch.style.background = colour || 'transparent';
      number.textContent = exact(value, view.unit);
      line.append(swatch, label, number);
      return line;
    }

    function fill(plot, at) {
      var title = document.createElement('b'), total = 0, shown = 0;
      title.textContent = view.kind === 'bars' ? view.x[at] : when(view.x[at]);
      tip.replaceChildren(title);
      for (var i = view.series.length - 1; i >= 0; i--) {
        if (plot.series[i + 1].show) {
          var value = view.series[i].y[at];
          total += value || 0;
          shown++;
          tip.append(row(view.series[i].label, value, colour(view, i)));
        }
      }
      if (view.kind === 'stack' && shown > 1) {
        tip.append(row('together', total));
      }
    }

    return {
      hooks: {
        init: function (plot) { plot.over.append(tip); },
        setCursor: function (plot) {
          var at = plot.cursor.idx, left = plot.cursor.left;
          if (at === null || at === undefined || left < 0) {
            tip.style.display = 'none';
            return;
          }
          fill(plot, at);
          tip.style.display = 'block';
          var room = plot.over.clientWidth, width = tip.offsetWidth;
          tip.style.left = (left + 16 + width > room ? Math.max(left - width - 16, 0)
            : left + 16) + 'px';
          tip.style.top = Math.min(plot.cursor.top + 12,
            Math.max(plot.over.clientHeight - tip.offsetHeight, 0)) + 'px';
        }
      }
    };
  }

  /* Lines across the time, with their names at the top where these do not overlap. */
  function marks(list) {
    return {
      hooks: {
        draw: function (plot) {
          var pen = plot.ctx, ratio = devicePixelRatio || 1, free = -Infinity;
          pen.save();
          pen.font = 11 * ratio + 'px system-ui, sans-serif';
          pen.fillStyle = pen.strokeStyle = style('--soft');
          pen.textAlign = 'left';
          pen.textBaseline = 'alphabetic';
          pen.lineWidth = ratio;
          pen.setLineDash([4 * ratio, 4 * ratio]);
          list.forEach(function (mark) {
            var x = Math.round(plot.valToPos(mark.x, 'x', true));
            if (x < plot.bbox.left || x > plot.bbox.left + plot.bbox.width) {
              return;
            }
            pen.beginPath();
            pen.moveTo(x, plot.bbox.top);
            pen.lineTo(x, plot.bbox.top + plot.bbox.height);
            pen.stroke();
            var width = pen.measureText(mark.label).width;
            if (x > free && x + width < plot.bbox.left + plot.bbox.width + 40 * ratio) {
              pen.fillText(mark.label, x + 3 * ratio, plot.bbox.top - 5 * ratio);
              free = x + width + 8 * ratio;
            }
          });
          pen.restore();
        }
      }
    };
  }

  function colour(view, i) {
    return view.series[i].rest ? style('--rest') : style('--c' + (i % NAMED));
  }

  function seriesOf(view) {
    var list = [{}];
    view.series.forEach(function (series, i) {
      var ink = colour(view, i);
      list.push({
        label: series.label,
        stroke: ink,
        width: view.kind === 'lines' ? 1.6 : 1,
        fill: view.kind === 'lines' ? undefined : ink + (view.kind === 'bars' ? 'c0' : 'b8'),
        points: { show: view.x.length < 40 && view.kind !== 'bars' },
        paths: view.kind === 'bars' ? uPlot.paths.bars({ size: [0.8, 60] }) : undefined
      });
    });
    return list;
  }

  function axesOf(view) {
    var ink = style('--soft'), grid = { stroke: style('--grid'), width: 1 };
    var font = '12px system-ui, sans-serif';
    var across = { stroke: ink, grid: grid, ticks: grid, font: font, size: 36 };
    if (view.kind === 'bars') {
      across.values = function (plot, splits) {
        return splits.map(function (x) { return Number.isInteger(x) ? view.x[x] : ''; });
      };
      across.incrs = [1, 2, 4, 8, 16, 32];
      across.grid = { show: false };
      across.space = 56;
    } else {
      across.values = function (plot, splits, axis, space, step) {
        return splits.map(function (x) { return moment(x, step); });
      };
      across.incrs = [1e-6, 5e-6, 1e-5, 5e-5, 1e-4, 5e-4, .001, .005, .01, .05, .1, .5, 1, 2, 5,
        10, 20, 30, 60, 120, 300, 600, 1800, 3600, 7200, 21600, 43200, 86400, 172800, 604800];
      across.space = 70;
    }
    var up = {
      stroke: ink, grid: grid, ticks: grid, font: font, size: 72,
      values: function (plot, splits) {
        return splits.map(function (y) { return format(y, view.unit); });
      }
    };
    if (view.unit === 'bytes') {
      up.incrs = [];
      for (var step = 1; step < 1e15; step *= 2) {
        up.incrs.push(step);
      }
    }
    return [across, up];
  }

  function draw(box, chart, view) {
    var hidden = view.series.map(function () { return false; });
    var restack = false;
    var options = {
      width: Math.max(box.clientWidth, 280),
      height: HEIGHT,
      padding: [chart.marks.length ? 22 : 12, 16, 0, 0],
      legend: { live: false, show: view.series.length > 1 },
      cursor: { points: { show: view.kind === 'lines' }, y: false, drag: { x: true, y: false } },
      scales: {
        x: {
          time: false,
          range: view.kind === 'bars' ? [-0.6, view.x.length - 0.4] : undefined
        },
        y: { range: function (plot, least, most) {
          return [Math.min(least || 0, 0), most > 0 ? most * 1.06 : 1];
        } }
      },
      series: seriesOf(view),
      axes: axesOf(view),
      plugins: [tooltip(box, view), marks(view.kind === 'bars' ? [] : chart.marks)]
    };
    function values() {
      return [places(view)].concat(view.kind === 'stack' ? sums(view, hidden)
        : view.series.map(function (series) { return series.y; }));
    }
    if (view.kind === 'stack') {
      options.bands = bands(view, hidden);
      options.hooks = { setSeries: [function (plot, i) {
        if (i === null || restack) {
          return;
        }
        restack = true;
        hidden = plot.series.slice(1).map(function (series) { return !series.show; });
        plot.delBand(null);
        bands(view, hidden).forEach(function (band) { plot.addBand(band); });
        plot.setData(values());
        restack = false;
      }] };
    }
    return new uPlot(options, values(), box);
  }

  function mount(chart) {
    var figure = document.getElementById('chart-' + chart.id);
    var box = figure && figure.querySelector('.plot');
    if (!box || !chart.views.length) {
      return;
    }
    var chosen = 0, plot = null, buttons = [];
    function show(i) {
      chosen = i;
      if (plot) {
        plot.destroy();
      }
      plot = draw(box, chart, chart.views[i]);
      buttons.forEach(function (button, k) {
        button.setAttribute('aria-pressed', k === i ? 'true' : 'false');
      });
    }
    if (chart.views.length > 1) {
      var bar = document.createElement('div');
      bar.className = 'views';
      buttons = chart.views.map(function (view, i) {
        var button = document.createElement('button');
        button.type = 'button';
        button.textContent = view.label;
        button.addEventListener('click', function () { show(i); });
        bar.append(button);
        return button;
      });
      figure.insertBefore(bar, box);
    }
    show(0);
    dark.addEventListener('change', function () { show(chosen); });
    new ResizeObserver(function () {
      var width = Math.max(box.clientWidth, 280);
      if (width !== plot.width) {
        plot.setSize({ width: width, height: HEIGHT });
      }
    }).observe(box);
  }

  function valueOf(row, column) {
    var cell = row.cells[column];
    return cell.dataset.v !== undefined ? +cell.dataset.v : cell.textContent;
  }

  function sortable(table) {
    var titles = Array.from(table.tHead.rows[0].cells);
    table.classList.add('sortable');
    titles.forEach(function (title, column) {
      title.addEventListener('click', function () {
        var down = title.getAttribute('aria-sort') !== 'descending' &&
          !(title.classList.contains('text') && !title.hasAttribute('aria-sort'));
        var rows = Array.from(table.tBodies[0].rows);
        rows.sort(function (a, b) {
          var left = valueOf(a, column), right = valueOf(b, column);
          var order = typeof left === 'number' && typeof right === 'number' ? left - right
            : String(left).localeCompare(String(right));
          return down ? -order : order;
        });
        titles.forEach(function (other) { other.removeAttribute('aria-sort'); });
        title.setAttribute('aria-sort', down ? 'descending' : 'ascending');
        table.tBodies[0].append.apply(table.tBodies[0], rows);
      });
    });
  }

  data.charts.forEach(mount);
  document.querySelectorAll('table.rows').forEach(sortable);
  document.documentElement.dataset.charts = document.querySelectorAll('.uplot canvas').length;
})();
