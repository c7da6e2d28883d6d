// Replace: remove this folder, and install the library that you trace. This is the client of an SDK: its calls wait in a
// queue, and are retried; the result of some is a stream.

class ApiError extends Error {
  constructor({ code }, status) {
    super(`the request failed with status ${status}`);
    this.name = 'ApiError';
    this.code = code;
    this.status = status;
  }
}

class Queue {
  #jobs = [];
  #running = 0;

  /** Calls the function when one of two places is free. */
  add(job) {
    this.#jobs.push(job);
    if (this.#running < 2) this.#run();
  }

  async #run() {
    this.#running++;
    for (let job = this.#jobs.shift(); job !== undefined; job = this.#jobs.shift()) await job();
    this.#running--;
  }
}

class EventStream {
  constructor(body, controller) {
    this.body = body;
    this.controller = controller;
  }

  async *[Symbol.asyncIterator]() {
    let isComplete = false;
    try {
      yield* this.body;
      isComplete = true;
    } finally {
      if (!isComplete) this.controller.abort();
    }
  }
}

class Client {
  #queue = new Queue();
  #fetch;

  constructor({ fetch = globalThis.fetch, url = 'http://localhost' } = {}) {
    this.#fetch = fetch;
    this.url = url;
  }

  /** The function that all calls go through. */
  send(method, { signal, stream = false } = {}) {
    return new Promise((resolve, reject) => {
      this.#queue.add(() => this.#request(method, signal, stream).then(resolve, reject));
    });
  }

  async *pages(count) {
    for (let page = 0; page < count; page++) yield await this.send('listSongs');
  }

  async #request(method, signal, stream) {
    signal?.throwIfAborted();
    const controller = new AbortController();
    signal?.addEventListener('abort', () => controller.abort(signal.reason));
    const response = await this.#fetch(`${this.url}/${method}`, { signal: controller.signal });
    if (response.status === 429) return this.retry(() => this.#request(method, signal, stream));
    if (!response.ok) throw new ApiError(await response.json(), response.status);
    return stream ? new EventStream(response.body, controller) : response.json();
  }

  retry(request) {
    return request();
  }
}

module.exports = { Client, Queue };
