import './start.mjs';
import { parentPort, workerData } from 'node:worker_threads';
import { openMessage } from '@clew/core';
import { currentTrace } from '../trace-of.mjs';

const traceId = workerData ? openMessage(workerData, currentTrace) : currentTrace();
parentPort.postMessage(traceId);
