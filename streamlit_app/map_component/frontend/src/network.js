// The only way the map asks anything: own addresses only, tries again while the service is away, says what is going on.

const AGAIN = new Set([429, 502, 503, 504]);
const LONGEST_WAIT_S = 30;

export class Refused extends Error {
  constructor(status, detail) {
    super(`${status} ${detail}`);
    this.status = status;
    this.detail = detail;
  }
}

export class Network {
  /** `onChange({busy, waitUntil, refused})` is told whenever one of them changes. */
  constructor({onChange}) {
    this.onChange = onChange;
    this.origins = new Set([location.origin]);
    this.headers = {};
    this.running = new Map(); // key → AbortController of the newest request under that key
    this.waiting = new Set();
    this.busy = 0;
    this.refused = null;
    this.closed = false;
  }

  configure({origins = [], headers = {}, language}) {
    this.origins = new Set([location.origin, ...origins.map((o) => new URL(o, document.baseURI).origin)]);
    this.headers = {...headers, 'Accept-Language': language};
  }

  /** Absolute address, or an Error where it would leave the machine's own service. */
  own(url, base = document.baseURI) {
    const absolute = new URL(url, base);
    if (absolute.protocol === 'data:' || absolute.protocol === 'blob:') return absolute.href;
    if (!this.origins.has(absolute.origin)) throw new Refused(0, `outside address refused: ${absolute.origin}`);
    // templates keep their braces
    return absolute.href.replaceAll('%7B', '{').replaceAll('%7D', '}');
  }

  /** Fetch; a newer request with the same `key` replaces the older one. Waits and tries again while the service is away. */
  async get(url, {key = null, accept = '*/*', signal = null} = {}) {
    const controller = new AbortController();
    if (key) {
      this.running.get(key)?.abort();
      this.running.set(key, controller);
    }
    const stop = () => controller.abort();
    signal?.addEventListener('abort', stop);
    this._count(+1);
    try {
      const address = this.own(url);
      for (let attempt = 0; ; attempt++) {
        const answer = await this._once(address, accept, controller.signal);
        if (answer instanceof Response) {
          if (this.refused?.topic === (key ?? 'tiles')) this.refuse(null);
          return answer;
        }
        await this._wait(answer.waitS ?? Math.min(LONGEST_WAIT_S, 2 ** attempt), controller.signal);
      }
    } catch (error) {
      if (error instanceof Refused) this.refuse(Object.assign(error, {topic: key ?? 'tiles', asked: url}));
      throw error;
    } finally {
      signal?.removeEventListener('abort', stop);
      if (key && this.running.get(key) === controller) this.running.delete(key);
      this._count(-1);
    }
  }

  /** A Response, or how long to wait before the next try. */
  async _once(address, accept, signal) {
    let response;
    try {
      response = await fetch(address, {signal, credentials: 'same-origin', headers: {...this.headers, Accept: accept}});
    } catch (error) {
      if (signal.aborted || this.closed) throw error;
      return {}; // the network is cut
    }
    if (AGAIN.has(response.status)) {
      const seconds = Number(response.headers.get('Retry-After'));
      return seconds > 0 ? {waitS: Math.min(seconds, LONGEST_WAIT_S)} : {};
    }
    if (!response.ok) {
      const problem = await response.json().catch(() => ({}));
      throw new Refused(response.status, problem.detail ?? problem.title ?? '');
    }
    return response;
  }

  _wait(seconds, signal) {
    return new Promise((resolve, reject) => {
      const wait = {until: Date.now() + seconds * 1000};
      const done = (finish) => {
        clearTimeout(timer);
        signal.removeEventListener('abort', cancelled);
        this.waiting.delete(wait);
        this._tell();
        finish();
      };
      const cancelled = () => done(() => reject(new DOMException('cancelled', 'AbortError')));
      wait.now = () => done(resolve);
      const timer = setTimeout(wait.now, seconds * 1000);
      signal.addEventListener('abort', cancelled);
      this.waiting.add(wait);
      this._tell();
    });
  }

  /** Do not wait any longer: the reader pressed "try again". */
  retryNow() {
    for (const wait of [...this.waiting]) wait.now();
  }

  close() {
    this.closed = true;
    for (const controller of this.running.values()) controller.abort();
  }

  _count(step) {
    this.busy += step;
    this._tell();
  }

  /** Tell the reader what was refused; null when it is no longer so. */
  refuse(error) {
    if (this.refused !== error) {
      this.refused = error;
      this._tell();
    }
  }

  _tell() {
    if (this.closed) return;
    const waitUntil = this.waiting.size ? Math.min(...[...this.waiting].map((w) => w.until)) : null;
    this.onChange({busy: this.busy, waitUntil, refused: this.refused});
  }
}
