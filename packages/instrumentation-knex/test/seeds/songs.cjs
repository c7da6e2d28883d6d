exports.seed = async (knex) => {
  await knex('clew_seeded').del();
  await knex('clew_seeded').insert([{ id: 1 }, { id: 2 }]);
  await knex.transaction((trx) => trx('clew_seeded').insert({ id: 3 }));
};
