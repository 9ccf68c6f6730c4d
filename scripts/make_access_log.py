#!/usr/bin/env python3
"""Writes a day of a web shop's access log, in the combined format of Apache and nginx.

    scripts/make_access_log.py [--seed N] [--lines N] > access.log

The shop, its visitors and its day are invented; the mix is that of real logs: visitors who read a
few pages and fetch what those embed, an app and its API, crawlers, scanners, a monitor, a quiet
night and a busy evening, a newsletter at 10:00, a back end that fails for some minutes. The same
seed gives the same bytes. (Only Random.random() is drawn from: it alone is promised to stay.)
"""

import argparse
import bisect
import itertools
import random
import sys
import zlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone

DAY = datetime(2026, 3, 10, tzinfo=timezone.utc)
HOUR = 3600
VISITS_BY_HOUR = [9, 6, 4, 3, 3, 5, 10, 19, 28, 34, 37, 38, 41, 37, 34, 34, 37, 43, 52, 60, 63, 54,
                  35, 19]
NEWSLETTER = 10 * HOUR + 120  # second of the day
OUTAGE = (19 * HOUR + 720, 19 * HOUR + 1500)  # the service behind /api and /checkout is down

# Clients. Documentation ranges (RFC 5737, RFC 3849), which networks.csv knows; ranges of MaxMind's
# public test databases, which it does not know; and the shop's own 10.0.0.0/8.
VISITOR_NETWORKS = [
    (22, "192.0.2.{}", 2, 254), (22, "198.51.100.{}", 2, 254), (18, "203.0.113.{}", 2, 254),
    (5, "81.2.69.{}", 142, 175), (4, "89.160.20.{}", 112, 127), (3, "175.16.199.{}", 1, 254),
    (2, "216.160.83.{}", 56, 63), (2, "2.125.160.{}", 216, 223), (3, "67.43.156.{}", 1, 254),
    (4, "10.20.30.{}", 11, 60), (3, "10.40.7.{}", 20, 40),
    (5, "2001:db8:10:a::{:x}", 16, 4000), (4, "2001:db8:20::{:x}", 1, 900),
    (2, "2001:218:8000::{:x}", 1, 400),
]
CRAWLER_NETWORKS = ["203.0.113.{}", "198.51.100.{}", "2001:db8:77::{:x}"]
MONITOR = "10.20.0.5"

MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) "
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64"
IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6_1 like Mac OS X) AppleWebKit/605.1.15 "
CHROME = "AppleWebKit/537.36 (KHTML, like Gecko) Chrome/"
BROWSERS = [
    (20, f"{WINDOWS}) {CHROME}133.0.0.0 Safari/537.36"),
    (7, f"{WINDOWS}) {CHROME}132.0.0.0 Safari/537.36 Edg/132.0.0.0"),
    (6, f"{WINDOWS}; rv:135.0) Gecko/20100101 Firefox/135.0"),
    (8, f"{MAC}{CHROME}133.0.0.0 Safari/537.36"),
    (6, f"{MAC}AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.6 Safari/605.1.15"),
    (3, "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0"),
    (18, f"{IPHONE}(KHTML, like Gecko) Version/17.6 Mobile/15E148 Safari/604.1"),
    (15, f"Mozilla/5.0 (Linux; Android 10; K) {CHROME}133.0.0.0 Mobile Safari/537.36"),
    (4, "Mozilla/5.0 (Linux; Android 14; SM-S918B) AppleWebKit/537.36 (KHTML, like Gecko) "
        "SamsungBrowser/27.0 Chrome/125.0.0.0 Mobile Safari/537.36"),
    (2, "Mozilla/5.0 (iPad; CPU OS 16_7 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
        "Version/16.6 Mobile/15E148 Safari/604.1"),
]
APPS = [
    (5, "ShopApp/5.3.1 (Android 14; Pixel 8) okhttp/4.12.0"),
    (4, "ShopApp/5.3.0 CFNetwork/1496.0.7 Darwin/23.5.0"),
    (1, "ShopApp/4.9.8 (Android 11; \\\"Galaxy Tab A7\\\") okhttp/4.9.3"),
]
CRAWLERS = [
    (9, "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"),
    (6, "Mozilla/5.0 (compatible; bingbot/2.0; +http://www.bing.com/bingbot.htm)"),
    (4, "Mozilla/5.0 (compatible; AhrefsBot/7.0; +http://ahrefs.com/robot/)"),
    (3, "Mozilla/5.0 AppleWebKit/537.36 (KHTML, like Gecko; compatible; GPTBot/1.2; "
        "+https://openai.com/gptbot)"),
    (2, "Mozilla/5.0 (compatible; YandexBot/3.0; +http://yandex.com/bots)"),
]
SCRIPTS = [(4, "python-requests/2.31.0"), (3, "curl/8.5.0"), (2, "Go-http-client/1.1"), (2, "-")]

ADJECTIVES = "light dark small wide warm plain round folding outdoor classic cotton steel".split()
NOUNS = "lamp chair kettle jacket desk backpack mug tent shelf blanket bottle clock rug".split()
CATEGORIES = "lighting furniture kitchen clothing outdoor office sale new".split()
POSTS = ("how-we-choose-wood", "a-lamp-that-lasts", "spring-collection", "repair-not-replace",
         "caring-for-cotton", "camping-checklist", "behind-the-workshop", "gift-guide")
QUERIES = ("desk lamp", "kettle", "tent 2 person", "mug blue", "chair", "gr\u00fcn lampe",
           "backpack 30l", "clock", "\u30e9\u30f3\u30d7", "shelf oak & steel")
ENTRIES = [(38, "https://www.google.com/"), (30, "-"), (7, "https://duckduckgo.com/"),
           (5, "https://www.bing.com/"), (6, "https://l.instagram.com/"), (4, "https://t.co/"),
           (4, "android-app://com.google.android.googlequicksearchbox/"),
           (2, "https://www.reddit.com/r/BuyItForLife/comments/1j2kq9z/lamps/")]
CAMPAIGNS = [("newsletter", "email", "spring-2026"), ("instagram", "social", "spring-2026"),
             ("google", "cpc", "brand"), ("partner", "referral", "gift-guide")]
SCANNED = ("/wp-login.php", "/.env", "/.git/config", "/phpmyadmin/index.php", "/xmlrpc.php",
           "/admin/config.php", "/wp-content/plugins/hello.php", "/cgi-bin/luci/;stok=/locale",
           "/vendor/phpunit/phpunit/src/Util/PHP/eval-stdin.php", "/server-status", "/actuator/env",
           "/../../../../etc/passwd", "/boaform/admin/formLogin?username=user&psw=user")
SITE = "https://shop.example.com"
ASSETS = ("/assets/app.3f9c2a.css", "/assets/app.8be01d.js", "/assets/fonts/inter-latin.woff2",
          "/assets/img/logo.svg")
ERROR_SIZE = {301: 169, 400: 157, 403: 153, 404: 1830, 405: 157, 408: 0, 500: 177, 502: 157}


class Dice:
    def __init__(self, seed):
        self.random = random.Random(seed).random

    def chance(self, probability):
        return self.random() < probability

    def number(self, low, high):
        return low + int(self.random() * (high - low + 1))

    def seconds(self, low, high):
        return low + self.random() * (high - low)

    def one_of(self, items):
        return items[int(self.random() * len(items))]

    def weighted(self, items):
        """Of rows whose first value is a weight; gives the rest of the row, or its one value."""
        sums = list(itertools.accumulate(row[0] for row in items))
        row = items[bisect.bisect_right(sums, self.random() * sums[-1])]
        return row[1] if len(row) == 2 else row[1:]


class Zipf:
    """The k-th of the items is drawn in proportion to 1/k."""

    def __init__(self, items):
        self.rows = [(1 / rank, item) for rank, item in enumerate(items, 1)]

    def draw(self, dice):
        return dice.weighted(self.rows)


PRODUCTS = [f"/products/{a}-{n}-{1000 + i * 7}"
            for i, (n, a) in enumerate(itertools.product(NOUNS, ADJECTIVES))]
PRODUCTS.sort(key=lambda path: zlib.crc32(path.encode()))  # no word is popular as such
PAGES = Zipf(PRODUCTS)


def escaped(text):
    """As a browser writes it into a query."""
    return "".join(c if c.isascii() and c.isalnum() else
                   "+" if c == " " else "".join(f"%{b:02X}" for b in c.encode()) for c in text)


def size_of(path, status):
    if status in ERROR_SIZE:
        return ERROR_SIZE[status]
    if status in (204, 304):
        return 0
    low, spread = {"css": (18_000, 9_000), "js": (90_000, 60_000), "svg": (1_500, 3_000),
                   "woff2": (21_000, 9_000), "webp": (9_000, 70_000), "mp4": (1_048_576, 1),
                   "pdf": (240_000, 90_000), "txt": (310, 1), "xml": (42_000, 1)}.get(
                       path.partition("?")[0].rpartition(".")[2], (3_000, 24_000))
    if path.startswith("/api/"):
        low, spread = 90, 2_400
    if path == "/healthz":
        low, spread = 15, 1
    return low + zlib.crc32(path.encode()) % spread


@dataclass
class Client:
    address: str
    agent: str
    protocol: str = "HTTP/1.1"
    user: str = "-"


@dataclass
class Log:
    dice: Dice
    rows: list = field(default_factory=list)  # (second of the day, line)

    def request(self, at, client, path, referer="-", method="GET", status=200):
        down = OUTAGE[0] <= at < OUTAGE[1] and path.startswith(("/api/", "/checkout"))
        if down and self.dice.chance(0.85):
            status = 502
        elif status == 200 and self.dice.chance(0.0025):
            status = 500
        self.raw(at, client, f"{method} {path} {client.protocol}", status, size_of(path, status),
                 referer)

    def raw(self, at, client, request, status, size, referer="-"):
        if not 0 <= at < 24 * HOUR:
            return
        when = (DAY + timedelta(seconds=int(at))).strftime("%d/%b/%Y:%H:%M:%S +0000")
        self.rows.append((at, f"{client.address} - {client.user} [{when}] \"{request}\" {status} "
                              f"{size} \"{referer}\" \"{client.agent}\""))


def time_of_visit(dice):
    hour = dice.weighted(list(zip(VISITS_BY_HOUR, range(24))))
    return hour * HOUR + dice.seconds(0, HOUR)


def address(dice, networks):
    pattern, low, high = dice.weighted(networks)
    return pattern.format(dice.number(low, high))


def visit(log, dice, at, campaign=None):
    """Somebody reads a few pages, and his browser fetches what they embed."""
    client = Client(address(dice, VISITOR_NETWORKS), dice.weighted(BROWSERS),
                    "HTTP/1.1" if dice.chance(0.12) else "HTTP/2.0")
    returning = dice.chance(0.35)
    uid = dice.number(1000, 1400) if dice.chance(0.3) else None
    referer = "-" if campaign else dice.weighted(ENTRIES)
    path = PAGES.draw(dice) if dice.chance(0.6) else "/"
    if campaign is None and dice.chance(0.08):
        campaign = dice.one_of(CAMPAIGNS)
    if campaign:
        path += "?utm_source={}&utm_medium={}&utm_campaign={}".format(*campaign)
        if uid and campaign[1] == "email":
            path += f"&uid={uid}"
    elif dice.chance(0.04):  # an old link, without its last part
        log.request(at, client, path.rpartition("-")[0] or "/index.php", referer, status=301)
        at += 0.2
    fetched = set()
    for _ in range(1 + int(dice.seconds(0, 2.1) ** 2)):
        status = 200
        if dice.chance(0.015):
            path, status = f"/products/{dice.one_of(NOUNS)}-{dice.number(3000, 3999)}", 404
        log.request(at, client, path, referer, status=status)
        page = SITE + path
        embedded = list(ASSETS)
        if path.startswith("/products/") and status == 200:
            embedded += [f"/images{path.partition('?')[0]}-{n}.webp" for n in (1, 2)]
        for asset in embedded:
            if asset in fetched:
                continue
            fetched.add(asset)
            if returning and dice.chance(0.6):
                continue  # from the browser's cache, without asking
            log.request(at + dice.seconds(0.1, 1.6), client, asset, page,
                        status=304 if returning and dice.chance(0.7) else 200)
        if path.startswith("/products/") and dice.chance(0.07):
            for part in range(dice.number(1, 4)):
                log.request(at + 2 + part * dice.seconds(1, 4), client,
                            "/media/tour-of-the-workshop.mp4", page, status=206)
        if uid and dice.chance(0.35):
            log.request(at + dice.seconds(0.3, 1.5), client, f"/api/v1/cart?uid={uid}", page)
        at += dice.seconds(4, 75)
        referer = page
        path = dice.weighted([
            (50, PAGES.draw(dice)),
            (16, f"/category/{dice.one_of(CATEGORIES)}?page={dice.number(1, 5)}&sort=price"),
            (12, f"/search?q={escaped(dice.one_of(QUERIES))}"),
            (8, f"/blog/{dice.one_of(POSTS)}"),
            (5, f"/account/orders?uid={uid}" if uid else "/account/login"),
            (5, "/checkout"), (4, "/"),
        ])
        if path == "/account/login" and dice.chance(0.5):
            log.request(at, client, path, referer, "POST", 403 if dice.chance(0.4) else 302)


def app_session(log, dice, at):
    client = Client(address(dice, VISITOR_NETWORKS), dice.weighted(APPS), "HTTP/2.0")
    uid = dice.number(1000, 1400)
    for _ in range(dice.number(2, 8)):
        log.request(at, client, dice.weighted([
            (5, f"/api/v1/cart?uid={uid}"), (4, f"/api/v2/feed?uid={uid}&after={dice.number(1, 9)}0"),
            (4, f"/api/v1{PAGES.draw(dice)}"), (2, f"/api/v1/profile/{uid}"),
            (2, f"/api/v1/search?q={escaped(dice.one_of(QUERIES))}&limit=20"),
        ]))
        at += dice.seconds(0.3, 12)
    if dice.chance(0.2):
        log.request(at, client, f"/api/v1/orders?uid={uid}", method="POST", status=201)


def crawl(log, dice, at):
    client = Client(dice.one_of(CRAWLER_NETWORKS).format(dice.number(32, 47)),
                    dice.weighted(CRAWLERS))
    log.request(at, client, "/robots.txt")
    if dice.chance(0.4):
        log.request(at + 0.4, client, "/sitemap.xml")
    for _ in range(dice.number(8, 40)):
        at += dice.seconds(0.2, 1.5)
        path = dice.one_of(PRODUCTS) if dice.chance(0.8) else f"/blog/{dice.one_of(POSTS)}"
        status = dice.weighted([(84, 200), (9, 304), (4, 404), (3, 301)])
        log.request(at, client, path if status != 404 else path + "-old", status=status)


def scan(log, dice, at):
    client = Client(f"198.51.100.{dice.number(200, 219)}", dice.weighted(SCRIPTS))
    for path in SCANNED:
        if dice.chance(0.8):
            at += dice.seconds(0.05, 0.5)
            status = 403 if path.startswith(("/.", "/server")) else 404
            log.request(at, client, path, method="POST" if "eval" in path else "GET",
                        status=400 if path.startswith("/..") else status)


def monitor(log, dice):
    probe = Client(MONITOR, "Prometheus/2.53.1")
    for at in range(17, 24 * HOUR, 600):
        log.request(at + dice.seconds(0, 0.1), probe, "/healthz")
    staff = Client("10.40.7.12", BROWSERS[0][1], "HTTP/2.0", "backoffice")
    for at in (8.2, 9.7, 11.1, 13.9, 16.4):
        log.request(at * HOUR, staff, "/admin/reports/sales.pdf?from=2026-03-01&to=2026-03-09")


def oddities(log, dice):
    """What every log on the open Internet has: no HTTP, or nothing at all."""
    def nobody():
        return Client(f"203.0.113.{dice.number(200, 250)}", "-")
    hello = ("\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03", "\\x16\\x03\\x01\\x00\\xEE\\x01",
             "\\x03\\x00\\x00/*\\xE0\\x00\\x00\\x00\\x00\\x00Cookie: mstshash=Administr")
    for request in hello:
        log.raw(dice.seconds(0, 24 * HOUR), nobody(), request, 400, 157)
    for _ in range(4):
        log.raw(dice.seconds(0, 24 * HOUR), nobody(), "-", 408, 0)
    log.raw(dice.seconds(0, 24 * HOUR), nobody(), "", 400, 0)
    log.raw(dice.seconds(0, 24 * HOUR), nobody(), "GET /", 400, 157)
    log.raw(dice.seconds(0, 24 * HOUR), nobody(), "CONNECT 192.0.2.99:443 HTTP/1.1", 405, 157)
    log.raw(dice.seconds(0, 24 * HOUR), Client("192.0.2.77", "Mozilla/4.0 \\\"><script>\\\""),
            "GET /search?q=\\\"quoted\\\" HTTP/1.1", 200, 4211)


def make_lines(seed, count):
    dice = Dice(seed)
    log = Log(dice)
    monitor(log, dice)
    oddities(log, dice)
    while len(log.rows) < count:
        for _ in range(12):
            visit(log, dice, time_of_visit(dice))
        for _ in range(5):
            app_session(log, dice, time_of_visit(dice))
        if dice.chance(0.85):  # the hour after a newsletter: many at once, fewer soon
            visit(log, dice, NEWSLETTER + HOUR * dice.random() ** 3, CAMPAIGNS[0])
        if dice.chance(0.45):
            crawl(log, dice, dice.seconds(0, 24 * HOUR))
        if dice.chance(0.2):
            scan(log, dice, dice.seconds(0, 24 * HOUR))
    lines = [line for _, line in sorted(log.rows, key=lambda row: row[0])]
    # The disk was full for a moment: one line lost its end.
    cut = next(i for i in range(len(lines) // 2, len(lines)) if len(lines[i]) > 200)
    lines[cut] = lines[cut][:131]
    return lines


def main():
    parser = argparse.ArgumentParser(description="Writes an invented access log to stdout.")
    parser.add_argument("--seed", type=int, default=20260310)
    parser.add_argument("--lines", type=int, default=5000, help="at least (default: 5000)")
    options = parser.parse_args()
    for line in make_lines(options.seed, options.lines):
        sys.stdout.write(line + "\n")


if __name__ == "__main__":
    main()
