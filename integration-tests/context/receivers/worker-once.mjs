import './install.mjs';
import { parentPort, workerData } from 'node:worker_threads';
import { openMessage } from '@clew/core';
import { currentTrace } from '../current-trace.mjs';

const traceId = workerData ? openMessage(workerData, currentTrace) : currentTrace();
parentPort.postMessage(traceId);
