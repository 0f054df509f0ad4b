DROP TABLE hostfn_answers;
