/*
 * The page's side of wx.uploadFile, wx.downloadFile and the saved files; bindings/javascript.md describes the messages.
 *
 * The host gives a function wxtransferSend(text), runs this script before the page's own, and passes each message for
 * the page to wxtransferReceive(text). ECMAScript 5, so that every engine that a host may have can run it.
 */
(function (global) {
  'use strict';

  var wx = global.wx = global.wx || {};
  var calls = Object.create(null);
  var lastCall = 0;

  function isFunction(value) {
    return typeof value === 'function';
  }

  /* Half a surrogate pair is no text, and not every host's JSON takes it. */
  function text(value) {
    return String(value).replace(/[\uD800-\uDBFF][\uDC00-\uDFFF]|[\uD800-\uDFFF]/g, function (found) {
      return found.length === 2 ? found : '\uFFFD';
    });
  }

  /* A list, whose order every reader of JSON keeps. What is no object is left to the host to refuse. */
  function pairs(members) {
    if (typeof members !== 'object') return text(members);
    return Object.keys(members).filter(function (name) {
      return members[name] !== undefined && members[name] !== null;
    }).map(function (name) {
      return [text(name), text(members[name])];
    });
  }

  function milliseconds(value) {
    return typeof value === 'number' && value > 0 ? Math.min(Math.ceil(value), 0x7fffffff) : undefined;
  }

  var parameters = {
    url: text, filePath: text, name: text, fileName: text, tempFilePath: text,
    header: pairs, formData: pairs, timeout: milliseconds
  };

  function start(api, options) {
    var call = {
      number: ++lastCall,
      options: Object(options === undefined || options === null ? {} : options),
      callbacks: Object.create(null),
      listeners: { progressUpdate: [], headersReceived: [] }
    };
    calls[call.number] = call;
    var values = {};
    var name;
    try {
      /* Now, because the page may use its object for another call. From the last, so that one that cannot be read leaves
         somebody to tell. */
      ['complete', 'fail', 'success'].forEach(function (event) {
        name = event;
        call.callbacks[event] = call.options[event];
      });
      Object.keys(parameters).forEach(function (parameter) {
        name = parameter;
        var value = call.options[name];
        if (value !== undefined && value !== null) values[name] = parameters[name](value);
      });
    } catch (error) {
      /* Not every object has a text, and not every property can be read. */
      fail(call, { errMsg: api + ':fail invalid request data ' + name, errno: 600010 });
      return call;
    }
    global.wxtransferSend(JSON.stringify({ call: call.number, api: api, options: values }));
    return call;
  }

  /* Within the page's call, out of which nothing may come that its callbacks throw. Otherwise that goes to the engine, as
     what no script catches; so it does here, in a turn of its own, where the engine has any. */
  function fail(call, failure) {
    ['fail', 'complete'].forEach(function (event) {
      try {
        deliver(call.number, event, failure);
      } catch (thrown) {
        if (isFunction(global.setTimeout)) global.setTimeout(function () { throw thrown; }, 0);
      }
    });
  }

  function deliver(number, event, result) {
    var call = calls[number];
    if (!call) return;
    if (event === 'complete') delete calls[number];
    if (event === 'progressUpdate' || event === 'headersReceived') {
      call.listeners[event].slice().forEach(function (listener) {
        listener(result);
      });
    } else if (isFunction(call.callbacks[event])) {
      call.callbacks[event].call(call.options, result);
    }
  }

  /* Of the call itself: a host that answers before its wxtransferSend returns has ended it by now. */
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
      abort: function () {
        global.wxtransferSend(JSON.stringify({ abort: call.number }));
      },
      onProgressUpdate: on('progressUpdate'),
      offProgressUpdate: off('progressUpdate'),
      onHeadersReceived: on('headersReceived'),
      offHeadersReceived: off('headersReceived')
    };
  }

  ['uploadFile', 'downloadFile'].forEach(function (api) {
    wx[api] = function (options) {
      return task(start(api, options));
    };
  });

  ['saveFile', 'getSavedFileList', 'getSavedFileInfo', 'removeSavedFile'].forEach(function (api) {
    wx[api] = function (options) {
      start(api, options);
    };
  });

  global.wxtransferReceive = function (json) {
    var message = JSON.parse(json);
    deliver(message.call, message.event, message.result);
  };
})(this);
