// A service of many libraries without tracing code, as CommonJS.
const http = require('node:http');
const Router = require('@koa/router');
const amqp = require('amqplib');
const express = require('express');
const knex = require('knex');
const Koa = require('koa');
const pg = require('pg');
const undici = require('undici');
const { runShop } = require('./run-shop.cjs');

runShop({ http, Router, amqp, express, knex, Koa, pg, undici });
