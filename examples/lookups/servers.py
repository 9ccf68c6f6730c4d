"""The services of the demonstration: a real nginx, Redis and DNS server on free ports of loopback,
with their files in one temporary folder. Each ends with the program that started it."""

import pathlib
import shutil
import socket
import subprocess
import sys
import time

USERS = 1000
ADDRESSES = 250


def free_port(kind=socket.SOCK_STREAM):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def find(name):
    return shutil.which(name) or shutil.which(name, path="/usr/sbin:/usr/local/sbin:/sbin")


def install_missing(root):
    if not all(find(name) for name in ("nginx", "redis-server", "dnsmasq")):
        subprocess.run([root / "scripts" / "setup.sh", "--tests"], check=True)


def program(name):
    found = find(name)
    if not found:
        sys.exit(f"{name} is not installed; scripts/setup.sh --tests installs it on Debian")
    return found


def wait_for(answers, what, limit=20):
    end = time.monotonic() + limit
    while not answers():
        if time.monotonic() > end:
            sys.exit(f"{what} did not answer within {limit} s")
        time.sleep(0.02)


def accepts(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


class Server:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.port = free_port()
        self.process = None

    def run(self, command):
        log = open(self.folder / f"{type(self).__name__.lower()}.log", "ab")
        self.process = subprocess.Popen(command, stdout=log, stderr=log, stdin=subprocess.DEVNULL)

    def stop(self):
        if self.process:
            self.process.terminate()
            self.process.wait()
            self.process = None


class Nginx(Server):
    def start(self):
        config = self.folder / "nginx.conf"
        config.write_text(f"""
daemon off; pid {self.folder}/nginx.pid; error_log stderr error; worker_processes 1;
events {{ worker_connections 512; }}
http {{
  access_log off; default_type application/json; keepalive_requests 1000000;
  client_body_temp_path {self.folder}/b; proxy_temp_path {self.folder}/p;
  fastcgi_temp_path {self.folder}/f; uwsgi_temp_path {self.folder}/u; scgi_temp_path {self.folder}/s;
  server {{
    listen 127.0.0.1:{self.port};
    location ~ ^/users/([0-9]+)$ {{ return 200 '{{"id":$1,"plan":"team","org":{{"name":"acme"}}}}'; }}
    location / {{ return 404; }}
  }}
}}
""")
        self.run([program("nginx"), "-c", str(config), "-p", str(self.folder), "-e", "stderr"])
        wait_for(lambda: accepts(self.port), "nginx")


class Redis(Server):
    def start(self):
        self.run([program("redis-server"), "--port", str(self.port), "--bind", "127.0.0.1",
                  "--dir", str(self.folder), "--save", "", "--appendonly", "no"])
        wait_for(lambda: accepts(self.port), "redis-server")
        with socket.create_connection(("127.0.0.1", self.port)) as connection:
            for user in range(USERS):
                tier = ("free", "team", "enterprise")[user % 3]
                value = f'{{"tier":"{tier}","since":{2010 + user % 15}}}'
                words = ("SET", f"account:{user}", value)
                connection.sendall(b"*3\r\n" + b"".join(
                    b"$%d\r\n%s\r\n" % (len(word), word.encode()) for word in words))
            answers = connection.makefile("rb")
            for _ in range(USERS):
                assert answers.readline() == b"+OK\r\n"


class Dns(Server):
    def start(self):
        self.port = free_port(socket.SOCK_DGRAM)
        records = [f"--ptr-record={number}.2.0.192.in-addr.arpa,host-{number}.shop.example"
                   for number in range(ADDRESSES)]
        self.run([program("dnsmasq"), "--keep-in-foreground", "--conf-file=/dev/null",
                  "--no-resolv", "--no-hosts", "--bind-interfaces", "--listen-address=127.0.0.1",
                  f"--port={self.port}", "--user=", "--pid-file=", "--log-facility=-", *records])
        wait_for(lambda: accepts(self.port), "dnsmasq")
