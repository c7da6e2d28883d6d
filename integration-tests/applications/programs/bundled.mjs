// Is bundled into one file before it runs. A bundle loads no modules, so each plugin is given its library.
import http from 'node:http';
import { ExpressInstrumentation } from '@clew/instrumentation-express';
import { HttpInstrumentation } from '@clew/instrumentation-http';
import { KoaInstrumentation } from '@clew/instrumentation-koa';
import { init } from '@clew/node';
import * as router from '@koa/router';
import express from 'express';
import Koa from 'koa';

const plugins = [new HttpInstrumentation(), new ExpressInstrumentation(), new KoaInstrumentation()];
const clew = init({ instrumentations: plugins, discover: false });
plugins[0].instrument(http);
plugins[1].instrument(express);
plugins[2].instrument(Koa);
plugins[2].instrument(router, '@koa/router');

const songs = new router.Router();
songs.get('/songs/:id', (ctx) => {
  ctx.body = 'a song';
});
const catalogue = new Koa().use(songs.routes()).listen(0);
const shop = express();
shop.get('/orders/:id', (_request, response) => {
  http.get({ port: catalogue.address().port, path: '/songs/7', agent: false }, (song) => song.pipe(response));
});
const server = shop.listen(0, () => {
  const request = http.get({ port: server.address().port, path: '/orders/7', agent: false });
  request.on('response', (response) => response.pipe(process.stdout));
  request.on('close', async () => {
    server.close();
    catalogue.close();
    await clew.flush();
    process.exit(3);
  });
});
