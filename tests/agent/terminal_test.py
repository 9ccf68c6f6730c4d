"""`logbraid run` on a terminal: the line of progress, colours, and none of it where stderr is a pipe.

The terminal is a pseudo-terminal; what was sent to it is laid out as a terminal does. Nothing is
slept for: tests read until what they wait for has come.
"""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import struct
import subprocess
import tempfile
import termios
import time
import unittest

AGENT = os.environ["LOGBRAID_AGENT"]
PATIENCE = 60  # seconds; beyond that it does not come

CLEAR = "\r\x1b[K"
COLOUR = re.compile(r"\x1b\[[0-9;]*m")
PROGRESS = re.compile(r"\d events  [\d,]+/s")


def screen(sent, width):
    """The lines that a terminal shows when this was sent to it; those too long are wrapped."""
    lines, column = [""], 0
    for piece in re.findall(r"\x1b\[K|\r|\n|[^\x1b\r\n]", COLOUR.sub("", sent)):
        if piece == "\r":
            column = 0
        elif piece == "\n":
            lines.append("")
            column = 0
        elif piece == "\x1b[K":
            lines[-1] = lines[-1][:column]
        else:
            if column == width:
                lines.append("")
                column = 0
            lines[-1] = lines[-1][:column].ljust(column) + piece + lines[-1][column + 1:]
            column += 1
    return lines


class Terminal:
    def __init__(self, width=100):
        self.master, self.slave = pty.openpty()
        self.width, self.sent = width, ""
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, width, 0, 0))

    def lead(self):
        """In the child: the terminal its Ctrl-C comes from."""
        fcntl.ioctl(self.slave, termios.TIOCSCTTY, 0)

    def read(self, until):
        """Until until(all that was sent) holds; "" when nobody has the terminal open any more."""
        end = time.monotonic() + PATIENCE
        while not until(self.sent):
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"did not come: {self.sent!r}")
            try:
                new = os.read(self.master, 65536)
            except OSError:  # how Linux says that the other side is closed
                new = b""
            if not new:
                return False
            self.sent += new.decode()
        return True

    def lines(self):
        return screen(self.sent, self.width)

    def type(self, text):
        os.write(self.master, text.encode())

    def close(self):
        os.close(self.master)


class OnATerminal(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.configure("{type: file, path: out.jsonl}", "{name: a, type: static, fields: {a: 1}}")

    def configure(self, sink, enricher):
        (self.folder / "pipeline.yaml").write_text(f"enrichers:\n  - {enricher}\nsink: {sink}\n")

    def start(self, terminal, *options, variables=(), **streams):
        environment = {name: value for name, value in os.environ.items() if name != "NO_COLOR"}
        process = subprocess.Popen(
            [AGENT, "run", "pipeline.yaml", *options], cwd=self.folder, stdin=subprocess.PIPE,
            env=environment | {"TERM": "xterm"} | dict(variables), start_new_session=True,
            preexec_fn=terminal.lead, **{"stderr": terminal.slave, "stdout": subprocess.DEVNULL}
            | streams)
        self.addCleanup(terminal.close)
        self.addCleanup(process.stdin.close)
        self.addCleanup(process.wait, PATIENCE)
        self.addCleanup(process.kill)
        os.close(terminal.slave)
        return process

    def feed(self, process, *lines):
        process.stdin.write("".join(f"{line}\n" for line in lines).encode())
        process.stdin.flush()

    def end(self, process, terminal):
        """All that was sent when the run has ended by itself."""
        process.stdin.close()
        self.assertFalse(terminal.read(lambda sent: False))
        self.assertEqual(process.wait(PATIENCE), 0, terminal.sent)
        return terminal.sent

    def test_progress_is_written_over_and_gone_at_the_end(self):
        terminal = Terminal()
        process = self.start(terminal)
        self.feed(process, '{"n":1}', '{"n":2}')
        terminal.read(lambda sent: f"{CLEAR}2 events  " in sent)
        self.feed(process, '{"n":3}')
        terminal.read(lambda sent: re.search(r"\r\x1b\[K3 events  \d+/s  stdin", sent))
        self.assertEqual(len(terminal.lines()), 1, "it is one line, whatever was sent")
        self.assertRegex(terminal.lines()[0], r"^3 events  \d+/s  stdin$")
        sent = self.end(process, terminal)
        self.assertEqual([line for line in terminal.lines() if PROGRESS.search(line)], [])
        last = sent.rindex(" events  ")
        self.assertRegex(sent[last:], r"^ events  \d+/s  stdin\r\x1b\[K\r\n", "first it is cleared")
        self.assertRegex(terminal.lines()[1], "^3 events read", "the summary takes its place")

    def test_a_message_pushes_it_down(self):
        terminal = Terminal()
        process = self.start(terminal)
        self.feed(process, '{"n":1}')
        terminal.read(lambda sent: "1 events  " in sent)
        self.feed(process, "no json")
        terminal.read(lambda sent: "2 events  " in sent.partition("no json")[2])
        above, below = terminal.lines()
        self.assertRegex(above, "^warning: line 2 is refused: .*: no json$")
        self.assertRegex(below, "^2 events  ")
        self.end(process, terminal)

    def test_it_does_not_wrap_on_a_narrow_terminal(self):
        terminal = Terminal(width=16)
        process = self.start(terminal)
        self.feed(process, '{"n":1}')
        terminal.read(lambda sent: sent.count("1 events  ") >= 2)
        self.assertEqual(len(terminal.lines()), 1, terminal.lines())
        self.assertLess(len(terminal.lines()[0]), 16)
        self.end(process, terminal)

    def test_colours_are_for_terminals_and_not_where_they_are_unwanted(self):
        for variables, coloured, progress in (({}, True, True),
                                              ({"NO_COLOR": "1"}, False, True),
                                              ({"NO_COLOR": ""}, True, True),
                                              ({"TERM": "dumb"}, False, False)):
            with self.subTest(variables):
                terminal = Terminal()
                process = self.start(terminal, variables=variables)
                self.feed(process, "no json")
                terminal.read(lambda sent: "no json" in sent)
                if progress:
                    terminal.read(lambda sent: "1 events  " in sent)
                sent = self.end(process, terminal)
                self.assertEqual("\x1b[1;33mwarning: \x1b[0m" in sent, coloured, sent)
                self.assertEqual(bool(COLOUR.search(sent)), coloured, sent)
                self.assertEqual("\x1b" in sent, coloured or progress, sent)

    def test_a_mistake_is_red(self):
        self.configure("{type: fil}", "{name: a, type: static, fields: {a: 1}}")
        terminal = Terminal()
        process = self.start(terminal)
        terminal.read(lambda sent: False)
        self.assertEqual(process.wait(PATIENCE), 2)
        self.assertRegex(terminal.sent, r"^\x1b\[1;31merror: \x1b\[0mpipeline.yaml:3: sink.type")

    def test_what_events_hold_does_not_control_the_terminal(self):
        terminal = Terminal()
        process = self.start(terminal, variables={"NO_COLOR": "1"})
        self.feed(process, "\x1b[2Jhidden\x07\x9b")
        terminal.read(lambda sent: "hidden" in sent)
        sent = self.end(process, terminal)
        self.assertEqual(re.sub(r"\r\x1b\[K|\r\n", "", sent).isprintable(), True, sent)

    def test_nor_does_what_a_configuration_holds(self):
        self.configure("{type: stdout, \"x\\e[2J\\a\": 1}", "{name: a, type: static, fields: {a: 1}}")
        terminal = Terminal()
        process = self.start(terminal, variables={"NO_COLOR": "1"})
        terminal.read(lambda sent: False)
        self.assertEqual(process.wait(PATIENCE), 2)
        self.assertIn("unknown setting", terminal.sent)
        self.assertEqual(terminal.sent.replace("\r\n", "").isprintable(), True, terminal.sent)

    def test_where_it_would_disturb_there_is_none(self):
        # A call of half a second: two lines of progress and more, if there were any.
        slow = "{name: a, type: delay, duration: 500ms, fields: {a: 1}}"
        to_terminal = "{type: stdout}"
        for sink, options, streams in (("{type: file, path: out.jsonl}", ["--quiet"], {}),
                                       (to_terminal, [], {"stdout": "terminal"})):
            with self.subTest(options=options, streams=streams):
                self.configure(sink, slow)
                terminal = Terminal()
                process = self.start(terminal, *options,
                                     **{name: terminal.slave for name in streams})
                self.feed(process, '{"n":1}')
                sent = self.end(process, terminal)
                self.assertNotIn(CLEAR, sent)
                self.assertNotRegex(sent, PROGRESS)
                self.assertEqual(sent == "", options == ["--quiet"], sent)

    def test_a_pipe_gets_plain_lines(self):
        self.configure("{type: stdout}", "{name: a, type: delay, duration: 500ms, fields: {a: 1}}")
        terminal = Terminal()
        process = self.start(terminal, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        out, err = process.communicate(b'{"n":1}\nno json\n', PATIENCE)
        self.assertEqual(json.loads(out.splitlines()[0]), {"n": 1, "a": 1})
        self.assertRegex(err.decode(), "(?m)^warning: line 2 is refused")
        self.assertRegex(err.decode(), "(?m)^2 events read")
        self.assertNotRegex(err.decode(), r"[\x1b\r]")
        self.assertNotRegex(err.decode(), PROGRESS)

    def test_control_c_ends_the_run_and_the_line(self):
        terminal = Terminal()
        process = self.start(terminal)
        self.feed(process, '{"n":1}')
        terminal.read(lambda sent: "1 events  " in sent)
        terminal.type("\x03")
        self.assertFalse(terminal.read(lambda sent: False))
        self.assertEqual(process.wait(PATIENCE), 0, terminal.sent)
        self.assertIn("finishing what was read", terminal.sent)
        self.assertEqual([line for line in terminal.lines() if PROGRESS.search(line)], [])
        self.assertEqual(json.loads((self.folder / "out.jsonl").read_text()), {"n": 1, "a": 1})


if __name__ == "__main__":
    unittest.main()
