// A server whose handler calls another server with the global fetch.
const listen = require('./listen.cjs');

exports.start = () => {
  const upstream = `http://127.0.0.1:${process.env.BENCH_PEER_PORT}/stock/42`;
  return listen(async (_req, res) => {
    const response = await fetch(upstream);
    const body = await response.text();
    res.writeHead(response.status, { 'content-type': 'application/json', 'content-length': body.length });
    res.end(body);
  });
};
