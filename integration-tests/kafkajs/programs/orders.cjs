const kafkajs = require('kafkajs');
const { exchange } = require('./exchange.cjs');

exchange(kafkajs);
