/*
 * The page's side of wx.uploadFile, wx.downloadFile and the file calls. bindings/javascript.md describes the messages.
 *
 * The app provides a function wxtransferSend(text), runs this script before the page's own script, and passes each
 * message for the page to wxtransferReceive(text). Written in ECMAScript 5, for every engine that an app may have.
 */
(function (global) {
  'use strict';

  var wx = global.wx = global.wx || {};
  var settings = global.wxtransferSettings || {};
  var calls = Object.create(null);
  var lastCall = 0;

  /* The parameters with their types, as WeChat names them; "?" marks optional ones. A Sync method takes the same parameters
     in this order. Other parameters have no effect, such as enableHttp2 and enableQuic. */
  var transfers = {
    uploadFile: {
      url: 'String', filePath: 'String', name: 'String', header: 'Object?', formData: 'Object?', timeout: 'Number?',
      enableProfile: 'Boolean?'
    },
    downloadFile: {
      url: 'String', header: 'Object?', filePath: 'String?', timeout: 'Number?', enableProfile: 'Boolean?'
    }
  };
  var savedFiles = {
    saveFile: { tempFilePath: 'String', filePath: 'String?' },
    getSavedFileList: {},
    getSavedFileInfo: { filePath: 'String' },
    removeSavedFile: { filePath: 'String' }
  };
  var files = {
    access: { path: 'String' },
    stat: { path: 'String', recursive: 'Boolean?' },
    unlink: { filePath: 'String' },
    copyFile: { srcPath: 'String', destPath: 'String' },
    rename: { oldPath: 'String', newPath: 'String' },
    mkdir: { dirPath: 'String', recursive: 'Boolean?' },
    rmdir: { dirPath: 'String', recursive: 'Boolean?' },
    readdir: { dirPath: 'String' },
    getFileInfo: { filePath: 'String', digestAlgorithm: 'String?' },
    saveFile: savedFiles.saveFile,
    getSavedFileList: savedFiles.getSavedFileList,
    removeSavedFile: savedFiles.removeSavedFile,
    readFile: { filePath: 'String', encoding: 'String?', position: 'Number?', length: 'Number?' },
    writeFile: { filePath: 'String', data: 'String|ArrayBuffer', encoding: 'String?' },
    appendFile: { filePath: 'String', data: 'String|ArrayBuffer', encoding: 'String?' }
  };
  if (settings.fileName === true) transfers.uploadFile.fileName = 'String?';

  /* The Sync methods, each with the member of the result that it returns. */
  var returned = {
    accessSync: null, statSync: 'stats', unlinkSync: null, copyFileSync: null, renameSync: null, mkdirSync: null,
    rmdirSync: null, readdirSync: 'files', saveFileSync: 'savedFilePath', readFileSync: 'data', writeFileSync: null,
    appendFileSync: null
  };

  var INTERNAL = 4;
  var PARAMETER_ERROR = 1001;
  var INVALID_REQUEST_DATA = 600010;
  var INVALID_ARGUMENT = 1300022;
  var SYSTEM_ERROR = 1300201;
  var SIZE_EXCEEDED = 1300202;
  var BASE64_ENCODE_ERROR = 1300203;
  var LENGTH_OUT_OF_RANGE = 1301006;
  var POSITION_OUT_OF_RANGE = 1301009;

  /* The numbers of general failures in a file call, which uses WeChat's table FileError. */
  var ofFileCalls = {};
  ofFileCalls[INTERNAL] = SYSTEM_ERROR;
  ofFileCalls[PARAMETER_ERROR] = INVALID_ARGUMENT;

  /* The failure of a call before it is sent. */
  function Refusal(reason, errno) {
    this.reason = reason;
    this.errno = errno;
  }

  Refusal.prototype.result = function (api) {
    var errMsg = api + ':fail ' + this.reason;
    if (transfers[api]) return { errMsg: errMsg, errno: this.errno };
    var number = ofFileCalls[this.errno] || this.errno;
    return { errMsg: errMsg, errno: number, errCode: number };
  };

  /* Converts any error to a failure, which `fail` receives, or a Sync method throws in the same form. */
  function refusalOf(error) {
    return error instanceof Refusal ? error : new Refusal('internal error', INTERNAL);
  }

  function isFunction(value) {
    return typeof value === 'function';
  }

  function typeOf(value) {
    return Object.prototype.toString.call(value).slice('[object '.length, -1);
  }

  /* Replaces lone surrogates. They are not valid text, and not every app's JSON parser accepts them. */
  function text(value) {
    return String(value).replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, function (found) {
      return found.length === 2 ? found : '\uFFFD';
    });
  }

  /* A name in an errMsg, in the library's form. */
  function shown(name) {
    if (name.length <= 100) return name || '""';
    return text(name.slice(0, 50) + '\u2026' + name.slice(-50));
  }

  /* The members of an object as a list, because every JSON parser keeps a list's order. */
  function pairs(members, parameter) {
    var list = [];
    Object.keys(members).forEach(function (name) {
      try {
        var value = members[name];
        if (value !== undefined && value !== null) list.push([text(name), text(value)]);
      } catch (error) {
        throw new Refusal('invalid request data ' + parameter + ' ' + shown(text(name)), INVALID_REQUEST_DATA);
      }
    });
    return list;
  }

  /* Conversion of bytes to text and back. */

  /* In pieces, because engines limit the number of arguments. */
  function characters(codes) {
    var pieces = [];
    for (var at = 0; at < codes.length; at += 8192) {
      pieces.push(String.fromCharCode.apply(null, Array.prototype.slice.call(codes.subarray(at, at + 8192))));
    }
    return pieces.join('');
  }

  function generate(List, length, itemAt) {
    var list = new List(length);
    for (var at = 0; at < length; at++) list[at] = itemAt(at);
    return list;
  }

  /* Base64 (RFC 4648 §4). */
  var DIGITS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/';

  function toBase64(bytes) {
    var digits = new global.Uint8Array(Math.ceil(bytes.length / 3) * 4);
    for (var from = 0, to = 0; from < bytes.length; from += 3) {
      var group = bytes[from] << 16 | bytes[from + 1] << 8 | bytes[from + 2];
      for (var shift = 18; shift >= 0; shift -= 6) digits[to++] = DIGITS.charCodeAt(group >> shift & 63);
    }
    var missing = (3 - bytes.length % 3) % 3;
    return characters(digits.subarray(0, digits.length - missing)) + '=='.slice(0, missing);
  }

  function base64Size(digits) {
    return Math.floor((digits.length - padding(digits)) * 3 / 4);
  }

  function padding(digits) {
    return /=*$/.exec(digits.slice(-2))[0].length;
  }

  function fromBase64(digits) {
    var values = [];
    for (var value = 0; value < DIGITS.length; value++) values[DIGITS.charCodeAt(value)] = value;
    var length = digits.length - padding(digits);
    var bytes = new global.Uint8Array(base64Size(digits));
    for (var from = 0, to = 0, group = 0; from < length; from++) {
      group = group << 6 | values[digits.charCodeAt(from)];
      if (from % 4) bytes[to++] = group >> 6 - from % 4 * 2;
    }
    return bytes;
  }

  /* The encodings that messages do not support; they support "utf8" and "base64". `size` is the number of bytes of a value. */
  var latin1 = {
    size: function (value) { return value.length; },
    toText: characters,
    toBytes: function (value) {
      return generate(global.Uint8Array, value.length, function (at) { return value.charCodeAt(at); });
    }
  };
  var hexadecimal = {
    size: function (value) { return value.length / 2; },
    toText: function (bytes) {
      return generate(Array, bytes.length, function (at) { return (bytes[at] + 256).toString(16).slice(1); }).join('');
    },
    toBytes: function (value) {
      if (!/^(?:[0-9a-f]{2})*$/i.test(value)) throw new Refusal('Invalid argument data', INVALID_ARGUMENT);
      return generate(global.Uint8Array, value.length / 2, function (at) { return parseInt(value.substr(2 * at, 2), 16); });
    }
  };
  /* Little-endian. A lone surrogate is written as its unit. */
  var utf16 = {
    size: function (value) { return value.length * 2; },
    toText: function (bytes) {
      return characters(generate(global.Uint16Array, bytes.length >> 1, function (at) {
        return bytes[2 * at] | bytes[2 * at + 1] << 8;
      }));
    },
    toBytes: function (value) {
      return generate(global.Uint8Array, value.length * 2, function (at) {
        return value.charCodeAt(at >> 1) >> at % 2 * 8;
      });
    }
  };
  var arrayBuffer = {
    size: function (value) { return value.byteLength; },
    toText: function (bytes) { return bytes.buffer; },
    toBytes: function (value) {
      try {
        var bytes = new global.Uint8Array(value);
        if (bytes.buffer === value) return bytes;
      } catch (error) {
        /* The buffer is detached: the page has transferred it, for example to a worker. */
      }
      throw new Refusal('Invalid argument data', INVALID_ARGUMENT);
    }
  };
  var encodings = {
    utf8: null, 'utf-8': null, base64: null, ascii: latin1, binary: latin1, latin1: latin1, hex: hexadecimal,
    ucs2: utf16, 'ucs-2': utf16, utf16le: utf16, 'utf-16le': utf16
  };

  /* Prepares a message with a file's content, as text or in base64. Returns the encoding of the page's content, or null. */
  function carryContent(api, values, data) {
    var named = values.encoding;
    if (named !== undefined && !Object.prototype.hasOwnProperty.call(encodings, named)) {
      throw new Refusal('Invalid argument encoding', INVALID_ARGUMENT);
    }
    var isBuffer = api === 'readFile' ? named === undefined : typeOf(data) === 'ArrayBuffer';
    var encoding = isBuffer ? arrayBuffer : named === undefined ? null : encodings[named];
    if (encoding && !isFunction(global.Uint8Array)) throw new Refusal('not supported', INTERNAL);
    values.encoding = encoding || named === 'base64' ? 'base64' : 'utf8';
    if (api === 'readFile') return encoding;
    /* Checked before the conversion. In UTF-8 a character has at least one byte; the library checks the exact size. */
    var size = encoding ? encoding.size(data) : named === 'base64' ? base64Size(data) : data.length;
    if (size > 100 * 1024 * 1024) {
      throw new Refusal('the maximum size of the file storage limit is exceeded', SIZE_EXCEEDED);
    }
    if (named === 'base64' && !isBuffer && (data.length % 4 || /[^A-Za-z0-9+\/]/.test(data.replace(/={1,2}$/, '')))) {
      throw new Refusal('base64 encode error', BASE64_ENCODE_ERROR);
    }
    values.data = encoding ? toBase64(encoding.toBytes(data)) : text(data);
    return encoding;
  }

  function checkRange(values, name, least, errno) {
    var value = values[name];
    if (value !== undefined && !(value >= least && value <= 0x1fffffffffffff && Math.floor(value) === value)) {
      throw new Refusal('value of ' + name + ' is out of range', errno);
    }
  }

  /* `data` is not changed here, because its encoding decides its form. */
  function valueOf(type, value, name) {
    switch (type) {
      case 'String': return name === 'data' ? String(value) : text(value);
      case 'Object': return pairs(value, name);
      case 'Number': return Number.prototype.valueOf.call(value);
      case 'Boolean': return Boolean.prototype.valueOf.call(value);
      default: return value;
    }
  }

  /* Reads a call's parameters from the page's object, and checks their types. An empty text is a value, except for an optional
     parameter, which then counts as missing. */
  function read(parameters, options) {
    var values = {};
    var errors = '';
    if (typeOf(options) !== 'Object') errors = 'parameter should be Object instead of ' + typeOf(options) + ';';
    else Object.keys(parameters).forEach(function (name) {
      var types = parameters[name].replace('?', '').split('|');
      try {
        var value = options[name];
        var type = typeOf(value);
        var missing = type === 'Undefined' || type === 'Null';
        var empty = type === 'String' && types[0] === 'String' && !value.length;
        if ((missing || empty) && parameters[name].slice(-1) === '?') return;
        if (types.indexOf(type) < 0) {
          errors += 'parameter.' + name + ' should be ' + types.join(' or ') + ' instead of ' + type + ';';
        } else {
          values[name] = valueOf(type, value, name);
        }
      } catch (error) {
        if (error instanceof Refusal) throw error;
        errors += 'parameter.' + name + ' cannot be read;';
      }
    });
    if (errors) throw new Refusal('parameter error: ' + errors, PARAMETER_ERROR);
    return values;
  }

  /* Returns a call's options for its message, and a function that converts the app's result to the page's in place. */
  function prepare(api, options) {
    var values = read(transfers[api] || savedFiles[api] || files[api], options);
    var encoding = null;
    if (values.timeout !== undefined) {
      values.timeout = values.timeout > 0 ? Math.min(Math.ceil(values.timeout), 0x7fffffff) : undefined;
    }
    if (api === 'getFileInfo') {
      values.digestAlgorithm = values.digestAlgorithm === undefined ? 'md5' : values.digestAlgorithm;
      if (['md5', 'sha1', 'sha256'].indexOf(values.digestAlgorithm) < 0) {
        throw new Refusal('Invalid argument digestAlgorithm', INVALID_ARGUMENT);
      }
    }
    if (api === 'readFile' || api === 'writeFile' || api === 'appendFile') {
      checkRange(values, 'position', 0, POSITION_OUT_OF_RANGE);
      checkRange(values, 'length', 1, LENGTH_OUT_OF_RANGE);
      encoding = carryContent(api, values, values.data);
    }
    return {
      values: values,
      finish: function (result) {
        if (api === 'stat') result.stats = withMethods(result.stats);
        if (api === 'readFile' && encoding) result.data = encoding.toText(fromBase64(result.data));
      }
    };
  }

  function Stats(members) {
    this.mode = members.mode;
    this.size = members.size;
    this.lastAccessedTime = members.lastAccessedTime;
    this.lastModifiedTime = members.lastModifiedTime;
  }

  /* File types in POSIX's st_mode. */
  Stats.prototype.isDirectory = function () { return (this.mode & 0xf000) === 0x4000; };
  Stats.prototype.isFile = function () { return (this.mode & 0xf000) === 0x8000; };

  function withMethods(stats) {
    if (typeOf(stats) !== 'Array') return new Stats(stats);
    return stats.map(function (entry) {
      return { path: entry.path, stats: new Stats(entry.stats) };
    });
  }

  function send(message) {
    global.wxtransferSend(JSON.stringify(message));
  }

  /* Runs a function in a later turn of the engine. */
  function later(run) {
    if (isFunction(global.setTimeout)) {
      global.setTimeout(run, 0);
    } else if (isFunction(global.Promise)) {
      global.Promise.resolve().then(run);
    } else {
      calls[++lastCall] = { callbacks: { complete: run } };
      send({ call: lastCall, api: 'later', options: {} });
    }
  }

  function start(api, given, promises) {
    var call = {
      number: ++lastCall,
      api: api,
      options: given === undefined ? {} : given,
      callbacks: Object.create(null),
      listeners: { progressUpdate: [], headersReceived: [] }
    };
    calls[call.number] = call;
    try {
      readCallbacks(call, promises);
      /* Read now, because the page may reuse its object for another call. */
      var prepared = prepare(api, call.options);
      call.finish = prepared.finish;
      send({ call: call.number, api: api, options: prepared.values });
    } catch (error) {
      delete calls[call.number];
      var result = refusalOf(error).result(api);
      /* `complete` runs in a separate turn, so that it runs after `fail` even if `fail` throws. */
      later(function () {
        later(function () { tell(call, 'complete'); });
        tell(call, 'fail', result);
      });
    }
    return call;
  }

  /* Reads all callbacks before it fails, so that the others receive the failure if one cannot be read. */
  function readCallbacks(call, promises) {
    var given = Object(call.options);
    var unreadable = '';
    ['complete', 'fail', 'success'].forEach(function (event) {
      try {
        if (isFunction(given[event])) call.callbacks[event] = given[event];
      } catch (error) {
        unreadable += 'parameter.' + event + ' cannot be read;';
      }
    });
    if (promises && !Object.keys(call.callbacks).length && isFunction(global.Promise)) {
      call.promise = new global.Promise(function (resolve, reject) {
        call.callbacks.success = resolve;
        call.callbacks.fail = reject;
      });
    }
    if (unreadable) throw new Refusal('parameter error: ' + unreadable, PARAMETER_ERROR);
  }

  function deliver(number, event, result) {
    var call = calls[number];
    if (!call) return;
    if (event === 'complete') delete calls[number];
    tell(call, event, result);
  }

  function tell(call, event, result) {
    if (event === 'progressUpdate' || event === 'headersReceived') {
      if (event === 'progressUpdate') fillUnknown(call.api, result);
      /* Calls the current listeners: forEach ignores listeners that are added meanwhile, and the off functions make new lists. */
      call.listeners[event].forEach(function (listener) {
        listener(result);
      });
      return;
    }
    if (event === 'success') {
      try {
        call.finish(result);
      } catch (error) {
        event = 'fail';
        result = refusalOf(error).result(call.api);
      }
    }
    if (event === 'complete') result = call.result;
    else call.result = result;
    if (call.callbacks[event]) call.callbacks[event].call(call.options, result);
  }

  /* WeChat's types require numbers. The HTTP clients of both systems report an unknown length as -1. */
  function fillUnknown(api, progress) {
    var expected = api === 'uploadFile' ? 'totalBytesExpectedToSend' : 'totalBytesExpectedToWrite';
    if (progress[expected] === undefined) progress[expected] = -1;
    if (progress.progress === undefined) progress.progress = 0;
  }

  function task(call) {
    var listeners = call.listeners;

    function on(event) {
      return function (listener) {
        if (isFunction(listener)) listeners[event].push(listener);
      };
    }

    function off(event) {
      return function (listener) {
        listeners[event] = listeners[event].filter(function (other) {
          return listener !== undefined && other !== listener;
        });
      };
    }

    return {
      abort: function () { send({ abort: call.number }); },
      onProgressUpdate: on('progressUpdate'),
      offProgressUpdate: off('progressUpdate'),
      onHeadersReceived: on('headersReceived'),
      offHeadersReceived: off('headersReceived')
    };
  }

  /* A Sync method of a file call. It has the call's parameters, in their order. */
  function atOnce(api, method) {
    var names = Object.keys(files[api]);
    return function () {
      var options = {};
      for (var at = 0; at < names.length; at++) options[names[at]] = arguments[at];
      var result = null;
      var failed = null;
      try {
        if (!isFunction(global.wxtransferSendSync)) throw new Refusal('not supported', INTERNAL);
        var prepared = prepare(api, options);
        var answer = JSON.parse(global.wxtransferSendSync(JSON.stringify({ api: api, options: prepared.values })));
        result = answer.success;
        if (result) prepared.finish(result);
        else failed = answer.fail || refusalOf(null).result(api);
      } catch (error) {
        failed = refusalOf(error).result(api);
      }
      if (failed) throw failure(failed, api, method);
      return returned[method] ? result[returned[method]] : undefined;
    };
  }

  function failure(result, api, method) {
    var errMsg = result.errMsg.replace(api + ':', method + ':');
    var error = new Error(errMsg);
    error.errMsg = errMsg;
    error.errCode = result.errCode;
    error.errno = result.errno;
    return error;
  }

  Object.keys(transfers).forEach(function (api) {
    wx[api] = function (options) { return task(start(api, options)); };
  });
  Object.keys(savedFiles).forEach(function (api) {
    wx[api] = function (options) { return start(api, options, true).promise; };
  });

  var manager = {};
  Object.keys(files).forEach(function (api) {
    manager[api] = function (options) { return start(api, options, true).promise; };
    var method = api + 'Sync';
    if (method in returned) manager[method] = atOnce(api, method);
  });
  wx.getFileSystemManager = function () { return manager; };

  wx.env = wx.env || {};
  wx.env.USER_DATA_PATH = (settings.pathScheme || 'wxfile') + '://usr';

  global.wxtransferReceive = function (json) {
    var message = JSON.parse(json);
    deliver(message.call, message.event, message.result);
  };
  /* In a module of a bundler, `this` is not the global object. */
})(typeof globalThis === 'object' ? globalThis : this);
