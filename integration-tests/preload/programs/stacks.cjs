// Express with a handler that fails: prints the stack of its error.
const express = require('express');

Error.stackTraceLimit = 100;
const app = express();
app.get('/', () => {
  throw new Error('handler failed');
});
app.use((error, _request, response, _next) => response.json(error.stack));
const server = app.listen(0, async () => {
  const response = await fetch(`http://localhost:${server.address().port}/`);
  process.stdout.write(await response.json());
  server.close();
});
