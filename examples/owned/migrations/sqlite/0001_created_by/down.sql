DROP TABLE created_by;
