// Unary calls of gRPC, client and server in one process.
const { promisify } = require('node:util');
const grpc = require('@grpc/grpc-js');

const serialize = (value) => Buffer.from(JSON.stringify(value));
const deserialize = (bytes) => JSON.parse(bytes.toString());
const orders = {
  total: {
    path: '/shop.Orders/Total',
    requestStream: false,
    responseStream: false,
    requestSerialize: serialize,
    requestDeserialize: deserialize,
    responseSerialize: serialize,
    responseDeserialize: deserialize,
  },
};

exports.start = async () => {
  const server = new grpc.Server();
  server.addService(orders, {
    total: ({ request }, respond) => respond(null, { id: request.id, total: 10 }),
  });
  const bind = promisify(server.bindAsync.bind(server));
  const port = await bind('127.0.0.1:0', grpc.ServerCredentials.createInsecure());
  const Orders = grpc.makeGenericClientConstructor(orders, 'Orders');
  const client = new Orders(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  return () =>
    new Promise((resolve, reject) => {
      client.total({ id: 42 }, (error, response) => (error ? reject(error) : resolve(response)));
    });
};
