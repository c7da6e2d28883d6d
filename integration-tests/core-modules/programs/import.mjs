import https, { createServer } from 'node:https';
import requestOnce from './request-once.cjs';

requestOnce(https, createServer);
