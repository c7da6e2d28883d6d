// A bare node:http server, one in a hundred of whose responses is an error.
const listen = require('./listen.cjs');

const body = JSON.stringify({ id: '42', account: 'guest', language: 'en' });
let requests = 0;

exports.start = () =>
  listen((_req, res) => {
    const status = ++requests % 100 === 0 ? 503 : 200;
    res.writeHead(status, { 'content-type': 'application/json', 'content-length': body.length });
    res.end(body);
  });
