// A request with the driver and one with mongoose; MONGODB_URL is the server.
const { MongoClient } = require('mongodb');
const mongoose = require('mongoose');
const { requests } = require('./mongodb-requests.cjs');

requests(MongoClient, mongoose);
