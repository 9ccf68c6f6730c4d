"""Plots as SVG that are read on light and dark pages: groups of bars, and lines over time. Only what
performance_report.py needs."""

import html
import math

WIDTH, HEIGHT = 760, 320
LEFT, RIGHT, TOP, BOTTOM = 84, 16, 40, 66
COLOURS = ["#2f7ed8", "#e08214", "#1b9e77"]
# Text and lines in a grey that stands out from white and from black.
STYLE = ("text{font:12px ui-sans-serif,system-ui,sans-serif;fill:#57606a}"
         ".axis{stroke:#8b949e;stroke-width:1}.grid{stroke:#8b949e;stroke-opacity:.3}"
         "@media(prefers-color-scheme:dark){text{fill:#adbac7}}")


def text(x, y, words, anchor="middle", more=""):
    return (f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}"{more}>'
            f"{html.escape(words)}</text>")


def plain(value):
    return f"{value:,.0f}" if value >= 10 or value == int(value) else f"{value:g}"


class Scale:
    """From values to the height of the plot."""

    def __init__(self, values, logarithmic):
        self.logarithmic = logarithmic
        most = max(values)
        if logarithmic:
            self.least = 10.0 ** math.floor(math.log10(min(values)))
            self.most = 10.0 ** math.ceil(math.log10(most))
            count = round(math.log10(self.most / self.least))
            self.ticks = [self.least * 10.0 ** i for i in range(count + 1)]
        else:
            step = 10.0 ** math.floor(math.log10(most))
            step = next(s for s in (step / 5, step / 2, step, 2 * step) if most / s <= 6)
            self.least, self.most = 0.0, step * math.ceil(most / step)
            self.ticks = [step * i for i in range(round(self.most / step) + 1)]

    def y(self, value):
        if self.logarithmic:
            share = math.log(max(value, self.least) / self.least) / math.log(self.most / self.least)
        else:
            share = value / self.most
        return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def frame(title, y_label, x_label, scale, legend, body):
    parts = [f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img">',
             f"<title>{html.escape(title)}</title><style>{STYLE}</style>"]
    for tick in scale.ticks:
        y = scale.y(tick)
        parts.append(f'<line class="grid" x1="{LEFT}" x2="{WIDTH - RIGHT}" y1="{y:.1f}" '
                     f'y2="{y:.1f}"/>')
        parts.append(text(LEFT - 6, y + 4, plain(tick), "end"))
    floor = HEIGHT - BOTTOM
    parts.append(f'<path class="axis" fill="none" d="M{LEFT} {TOP}V{floor}H{WIDTH - RIGHT}"/>')
    middle = (TOP + floor) / 2
    parts.append(text(16, middle, y_label, more=f' transform="rotate(-90 16 {middle:.1f})"'))
    parts.append(text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x_label))
    at = LEFT
    for name, colour in legend:
        parts.append(f'<rect x="{at}" y="14" width="12" height="12" fill="{colour}"/>')
        parts.append(text(at + 17, 24, name, "start"))
        at += 17 + 7 * len(name) + 20
    return "\n".join(parts + body + ["</svg>", ""])


def bars(title, y_label, x_label, groups, series, logarithmic=False):
    """`groups`: names; `series`: name -> a value for each group, None where there is none."""
    values = [v for row in series.values() for v in row if v]
    scale = Scale(values, logarithmic)
    room = (WIDTH - LEFT - RIGHT) / len(groups)
    width = min(0.8 * room / len(series), 46)
    body = []
    for i, group in enumerate(groups):
        middle = LEFT + room * (i + 0.5)
        for j, (row, colour) in enumerate(zip(series.values(), COLOURS)):
            if not row[i]:
                continue
            x, y = middle + (j - len(series) / 2) * width, scale.y(row[i])
            body.append(f'<rect x="{x:.1f}" y="{y:.1f}" width="{width - 2:.1f}" '
                        f'height="{HEIGHT - BOTTOM - y:.1f}" fill="{colour}"/>')
            value = f"{row[i]:.3g}" if row[i] < 1000 else f"{row[i]:,.0f}"
            body.append(text(x + width / 2 - 1, y - 3, value,
                             more=' style="font-size:10px"'))
        for k, line in enumerate(group.split("\n")):
            body.append(text(middle, HEIGHT - BOTTOM + 16 + 14 * k, line))
    return frame(title, y_label, x_label, scale, list(zip(series, COLOURS)), body)


def lines(title, y_label, x_label, series, seconds_each):
    """`series`: name -> values, one each so many seconds."""
    scale = Scale([v for row in series.values() for v in row if v], False)
    end = max(len(row) for row in series.values()) * seconds_each
    body = []
    for row, colour in zip(series.values(), COLOURS):
        points = " ".join(
            f"{LEFT + (i + 0.5) * seconds_each / end * (WIDTH - LEFT - RIGHT):.1f},"
            f"{scale.y(value):.1f}" for i, value in enumerate(row))
        body.append(f'<polyline fill="none" stroke="{colour}" stroke-width="2" '
                    f'points="{points}"/>')
    for i in range(0, 9):
        x = LEFT + i / 8 * (WIDTH - LEFT - RIGHT)
        body.append(text(x, HEIGHT - BOTTOM + 16, f"{end * i / 8:.0f}"))
    return frame(title, y_label, x_label, scale, list(zip(series, COLOURS)), body)
