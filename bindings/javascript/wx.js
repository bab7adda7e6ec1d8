/*
 * The page's side of wx.uploadFile, wx.downloadFile and the saved files; bindings/javascript.md describes the messages.
 *
 * The host gives a function wxtransferSend(text), runs this script before the page's own, and passes each message for
 * the page to wxtransferReceive(text). ECMAScript 5, so that every engine that a host may have can run it.
 */
(function (global) {
  'use strict';

  var wx = global.wx = global.wx || {};
  var calls = {};
  var lastCall = 0;

  function isFunction(value) {
    return typeof value === 'function';
  }

  /* The members of a header or form as text, in their order; what is no object is left to the host to refuse. */
  function texts(members) {
    if (members === null || typeof members !== 'object') return members;
    var result = {};
    Object.keys(members).forEach(function (key) {
      if (members[key] !== undefined && members[key] !== null) result[key] = String(members[key]);
    });
    return result;
  }

  function start(api, options) {
    var values = {};
    var number = ++lastCall;
    options = options || {};
    Object.keys(options).forEach(function (key) {
      if (isFunction(options[key])) return;
      values[key] = key === 'header' || key === 'formData' ? texts(options[key]) : options[key];
    });
    var call = { number: number, options: options, listeners: { progressUpdate: [], headersReceived: [] } };
    calls[number] = call;
    global.wxtransferSend(JSON.stringify({ call: number, api: api, options: values }));
    return call;
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

  global.wxtransferReceive = function (text) {
    var message = JSON.parse(text);
    var call = calls[message.call];
    if (!call) return;
    if (message.event === 'complete') delete calls[message.call];
    if (call.listeners[message.event]) {
      call.listeners[message.event].slice().forEach(function (listener) {
        listener(message.result);
      });
    } else if (isFunction(call.options[message.event])) {
      call.options[message.event](message.result);
    }
  };
})(this);
