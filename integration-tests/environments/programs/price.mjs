import { parentPort } from 'node:worker_threads';

const response = await fetch(`${process.argv[2]}/prices/7`);
parentPort.postMessage(await response.json());
