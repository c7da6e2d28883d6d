// Has named imports that are patched afterwards.
import { execFile, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import { init } from '@clew/node';
import requests from './requests.cjs';

init();
// Its children and workers use the preload, unlike the program itself.
process.env.NODE_OPTIONS = '--import=@clew/node/register';
requests.serve({ execFile, execSync, fork, spawn, spawnSync, Worker });
