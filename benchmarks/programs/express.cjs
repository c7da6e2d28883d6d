// Three middlewares and one router with a parameter route.
const express = require('express');
const listen = require('./listen.cjs');

exports.start = () => {
  const app = express();
  app.use(function account(req, _res, next) {
    req.account = 'guest';
    next();
  });
  app.use(function language(req, _res, next) {
    req.language = 'en';
    next();
  });
  app.use(function noStore(_req, res, next) {
    res.setHeader('cache-control', 'no-store');
    next();
  });
  const shop = express.Router();
  shop.get('/orders/:id', function order(req, res) {
    res.json({ id: req.params.id, account: req.account, language: req.language });
  });
  app.use('/shop', shop);
  return listen(app);
};
