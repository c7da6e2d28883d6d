import listTables from './list-tables.cjs';

await listTables(await import(process.env.SDK));
