import { Router } from '@koa/router';
import Koa from 'koa';
import { begin, logLine, respond, serve } from './work.cjs';

const router = new Router();
router.get(['/orders/:id', '/items/:id'], (context) => {
  context.body = { ...respond(context.begun), log: logLine('served') };
});
router.get('/fails/status/:id', (context) => {
  context.status = 503;
  context.body = respond(context.begun);
});
router.get('/fails/error/:id', (context) => {
  const error = new Error('on purpose');
  error.response = respond(context.begun);
  throw error;
});
const app = new Koa();
app.silent = true;
app.use(async (context, next) => {
  context.begun = begin();
  try {
    await next();
  } catch (error) {
    context.status = 500;
    context.body = error.response;
    context.app.emit('error', error, context);
  }
});
app.use(router.routes());
const server = app.listen(0, '127.0.0.1', () => serve(server));
