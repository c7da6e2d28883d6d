import { execFile, execSync, fork, spawn, spawnSync } from 'node:child_process';
import { Worker } from 'node:worker_threads';
import requests from './requests.cjs';

requests.serve({ execFile, execSync, fork, spawn, spawnSync, Worker });
