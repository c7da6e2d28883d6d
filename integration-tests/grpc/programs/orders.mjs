import * as grpc from '@grpc/grpc-js';
import { exchange } from './exchange.cjs';

await exchange(grpc);
