/** A preload of the sample that says when one of the packages is loaded that jobs need. */
export const TELL_TALE = `
  const Module = require('node:module');
  const resolve = Module._resolveFilename;
  Module._resolveFilename = function (name, ...rest) {
    if (name === 'bullmq' || name === '@nestjs/bullmq') console.error('loaded ' + name);
    return resolve.call(this, name, ...rest);
  };
`;
