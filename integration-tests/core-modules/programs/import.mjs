import https, { createServer } from 'node:https';
import talk from './talk.cjs';

talk(https, createServer);
