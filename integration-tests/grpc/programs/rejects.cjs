// A call without a server that fails, and a rejection that nothing handles.
const grpc = require('@grpc/grpc-js');

const client = new grpc.Client('127.0.0.1:1', grpc.credentials.createInsecure());
process.on('exit', (code) => console.log('exit', code));
process.on('uncaughtExceptionMonitor', ({ code, details }, origin) =>
  console.log(origin, code, details.replace(/Last error.*/, '')),
);
new Promise((resolve, reject) => {
  const done = (error, value) => (error ? reject(error) : resolve(value));
  client.makeUnaryRequest('/shop.Orders/Total', Buffer.from, String, 'a', done);
});
