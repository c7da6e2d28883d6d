// A server whose handler calls another server with node:http.
const http = require('node:http');
const listen = require('./listen.cjs');

exports.start = () => {
  const agent = new http.Agent({ keepAlive: true });
  const upstream = { host: '127.0.0.1', port: Number(process.env.BENCH_PEER_PORT), path: '/stock/42', agent };
  return listen((_req, res) => {
    const request = http.get(upstream, (response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk) => {
        body += chunk;
      });
      response.on('end', () => {
        res.writeHead(response.statusCode, {
          'content-type': 'application/json',
          'content-length': body.length,
        });
        res.end(body);
      });
    });
    request.on('error', () => {
      res.writeHead(502, { 'content-length': 0 });
      res.end();
    });
  });
};
