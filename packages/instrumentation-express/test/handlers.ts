// Small handlers that the tests share.
import type { RequestHandler } from 'express';

export const ok: RequestHandler = (_request, response) => {
  response.send('ok');
};
export const pass: RequestHandler = (_request, _response, next) => next();
export const passAs =
  (word: string): RequestHandler =>
  (_request, _response, next) =>
    next(word);
