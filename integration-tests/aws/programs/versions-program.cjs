void require('./list-tables.cjs')(require(process.env.SDK));
