// Starts a TLS server and sends it one request, with the given modules only.
module.exports = function requestOnce(client, createServer) {
  const { KEY: key, CERT: cert } = process.env;
  const server = createServer({ key, cert, allowHTTP1: true }, (request, response) => {
    request
      .on('end', () => response.end(request.headers.traceparent ? 'continued' : 'no traceparent'))
      .resume();
  });
  server.listen(0, '127.0.0.1', () => {
    const { port } = server.address();
    const options = { port, host: '127.0.0.1', rejectUnauthorized: false, agent: false };
    client.get(options, (response) => {
      response.setEncoding('utf8').on('data', (text) => process.stdout.write(text));
      response.on('end', () => server.close());
    });
  });
};
