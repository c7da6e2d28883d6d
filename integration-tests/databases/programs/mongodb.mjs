// The same as mongodb.cjs, as an ES module.
import { MongoClient } from 'mongodb';
import mongoose from 'mongoose';
import requests from './mongodb-requests.cjs';

await requests.requests(MongoClient, mongoose);
