# SPDX-License-Identifier: MIT
"""A headless Chromium, driven through a pipe by its own protocol: no port, no network."""
import base64
import json
import os
import shutil
import subprocess
import tempfile
import time

NAMES = ['chromium', 'chromium-browser', 'google-chrome', 'chromium-headless-shell']
STEP_SECONDS = 90


def find():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, NAMES)), None)


class Browser:
    """One page of one browser; to be used in a with statement."""

    def __init__(self, path, width=1280, height=900, dark=False):
        self.errors = []    # what the console complains of
        self.requests = []  # addresses that the page asked for
        self._number = 0
        self._buffer = b''
        self._place = tempfile.mkdtemp(prefix='browser-')
        self._read, self._write = self._start(path)
        target = self._ask('Target.createTarget', url='about:blank')['targetId']
        self._session = self._ask('Target.attachToTarget', targetId=target,
                                  flatten=True)['sessionId']
        for domain in ('Page', 'Runtime', 'Log', 'Network'):
            self.ask(f'{domain}.enable')
        self.ask('Network.emulateNetworkConditions', offline=True, latency=0,
                 downloadThroughput=0, uploadThroughput=0)
        self.ask('Emulation.setDeviceMetricsOverride', width=width, height=height,
                 deviceScaleFactor=1, mobile=False)
        self.ask('Emulation.setEmulatedMedia', features=[
            {'name': 'prefers-color-scheme', 'value': 'dark' if dark else 'light'}])

    def _start(self, path):
        """Start it with pipes as its descriptors 3 and 4; our ends of them."""
        to_read, to_write = os.pipe()
        from_read, from_write = os.pipe()

        def place():
            # 3 and 4 are taken, by these pipes or others: the copies are above them.
            copy_in, copy_out = os.dup(to_read), os.dup(from_write)
            os.dup2(copy_in, 3)
            os.dup2(copy_out, 4)

        self._process = subprocess.Popen(  # pylint: disable=subprocess-popen-preexec-fn
            [path, '--headless=new', '--no-sandbox', '--disable-gpu', '--no-first-run',
             '--disable-background-networking', '--disable-component-update',
             '--disable-dev-shm-usage', f'--user-data-dir={self._place}',
             '--remote-debugging-pipe'],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            close_fds=False, preexec_fn=place, start_new_session=True)
        os.close(to_read)
        os.close(from_write)
        return from_read, to_write

    def __enter__(self):
        return self

    def __exit__(self, *_):
        try:
            self._ask('Browser.close')
        except (OSError, RuntimeError):
            pass
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        os.close(self._read)
        os.close(self._write)
        shutil.rmtree(self._place, ignore_errors=True)

    def _next_message(self):
        while b'\0' not in self._buffer:
            piece = os.read(self._read, 1 << 16)
            if not piece:
                raise RuntimeError('the browser ended')
            self._buffer += piece
        text, _, self._buffer = self._buffer.partition(b'\0')
        return json.loads(text)

    def _note(self, message):
        method, params = message.get('method'), message.get('params', {})
        if method == 'Runtime.exceptionThrown':
            self.errors.append(json.dumps(params['exceptionDetails'])[:500])
        elif method == 'Log.entryAdded' and params['entry']['level'] in ('error', 'warning'):
            self.errors.append(params['entry']['text'])
        elif method == 'Runtime.consoleAPICalled' and params['type'] in ('error', 'warning'):
            self.errors.append(json.dumps(params['args'])[:500])
        elif method == 'Network.requestWillBeSent':
            self.requests.append(params['request']['url'])
        return method

    def _ask(self, method, session=None, **params):
        self._number += 1
        request = {'id': self._number, 'method': method, 'params': params}
        if session:
            request['sessionId'] = session
        os.write(self._write, json.dumps(request).encode() + b'\0')
        deadline = time.monotonic() + STEP_SECONDS
        while time.monotonic() < deadline:
            message = self._next_message()
            if message.get('id') == self._number:
                if 'error' in message:
                    raise RuntimeError(f'{method}: {message["error"]}')
                return message['result']
            self._note(message)
        raise RuntimeError(f'{method}: no answer')

    def ask(self, method, **params):
        """One command of the protocol, to the page."""
        return self._ask(method, session=self._session, **params)

    def open(self, path):
        """Load a file, and wait until it is loaded and drawn."""
        self.requests.clear()
        self.errors.clear()
        self.ask('Page.navigate', url='file://' + os.path.abspath(path))
        deadline = time.monotonic() + STEP_SECONDS
        while self.run('document.readyState') != 'complete':
            if time.monotonic() > deadline:
                raise RuntimeError('the page does not load')
            time.sleep(0.05)
        self.run('new Promise(go => requestAnimationFrame(() => requestAnimationFrame(go)))')

    def run(self, expression):
        """The value of an expression in the page, or of what it promises."""
        answer = self.ask('Runtime.evaluate', expression=expression, returnByValue=True,
                          awaitPromise=True)
        if 'exceptionDetails' in answer:
            raise RuntimeError(json.dumps(answer['exceptionDetails'])[:500])
        return answer['result'].get('value')

    def hover(self, left, top):
        """Point at a place."""
        self.ask('Input.dispatchMouseEvent', type='mouseMoved', x=left, y=top)

    def click(self, left, top):
        """Click there."""
        for kind in ('mousePressed', 'mouseReleased'):
            self.ask('Input.dispatchMouseEvent', type=kind, x=left, y=top, button='left',
                     clickCount=1)

    def picture(self, path, whole=True):
        """A PNG of the page."""
        answer = self.ask('Page.captureScreenshot', format='png', captureBeyondViewport=whole)
        with open(path, 'wb') as file:
            file.write(base64.b64decode(answer['data']))
