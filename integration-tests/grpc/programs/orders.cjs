const grpc = require('@grpc/grpc-js');
const { exchange } = require('./exchange.cjs');

void exchange(grpc);
