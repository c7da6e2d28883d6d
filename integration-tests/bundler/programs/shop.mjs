// A service of many libraries without tracing code, as an ES module.
import http from 'node:http';
import Router from '@koa/router';
import amqp from 'amqplib';
import express from 'express';
import knex from 'knex';
import Koa from 'koa';
import pg from 'pg';
import * as undici from 'undici';
import { runShop } from './run-shop.cjs';

runShop({ http, Router, amqp, express, knex, Koa, pg, undici });
