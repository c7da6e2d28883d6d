// A bare node:http server.
const listen = require('./listen.cjs');

const body = JSON.stringify({ id: '42', account: 'guest', language: 'en' });

exports.start = () =>
  listen((_req, res) => {
    res.writeHead(200, { 'content-type': 'application/json', 'content-length': body.length });
    res.end(body);
  });
