// Calls the server with both of Node's clients: a route twice, a route that fails, and a path without a route.
const http = require('node:http');
const { once } = require('node:events');

const get = async (url) => {
  const request = http.get(url, { agent: false });
  const [response] = await once(request, 'response');
  response.resume();
  await once(request, 'close');
};

exports.call = async (port) => {
  const url = `http://localhost:${port}`;
  await get(`${url}/orders/1?secret`);
  await (await fetch(`${url}/orders/2`)).text();
  await get(`${url}/broken/3`);
  await (await fetch(`${url}/missing/4`, { method: 'POST' })).text();
};
